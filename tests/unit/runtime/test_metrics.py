from prometheus_client import generate_latest

from services.runtime import metrics


def test_every_metric_has_the_products_prefix_and_a_sentence_of_meaning() -> None:
    own = [
        each for each in metrics.REGISTRY.collect() if not each.name.startswith(("process_", "python_", "faststream_"))
    ]
    assert own
    for each in own:
        assert each.name.startswith("roamwatt_"), each.name
        assert each.documentation.endswith("."), each.name


def test_registry_can_be_scraped() -> None:
    metrics.HALTED.set(0)
    assert b"roamwatt_halted 0.0" in generate_latest(metrics.REGISTRY)
