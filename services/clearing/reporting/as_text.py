"""A report as text, for a terminal and for a file."""

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from rich import box
from rich.console import Console, ConsoleOptions, ConsoleRenderable, Group, RenderResult
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from services.clearing.reporting.printable import amount, printable

Data = Mapping[str, Any]
MOST_CASES: Final = 3
MOST_ROWS: Final = 15
WIDTH_OF_FILES: Final = 120
_UNBOUNDED: Final = 10_000
_COLOURS: Final = {
    **{"REJECT": "red", "DISPUTE": "magenta", "FLAG": "yellow", "INFORM": "dim"},
    **{"REJECTED": "red", "DISPUTED": "magenta", "FLAGGED": "yellow", "ACCEPTED": "green"},
}


def as_renderable(data: Data) -> ConsoleRenderable:
    """Return what a console prints."""
    return Group(*_blocks(data))


def plain(data: Data) -> str:
    """Return the text of a file."""
    console = Console(file=io.StringIO(), width=WIDTH_OF_FILES, highlight=False, no_color=True, legacy_windows=False)
    with console.capture() as captured:
        console.print(as_renderable(data))
    return "\n".join(line.rstrip() for line in captured.get().splitlines()) + "\n"


def _blocks(data: Data) -> Iterator[ConsoleRenderable]:
    yield Text(f"Audit of {printable(data['file']['name'])}", style="bold")
    yield _head(data)
    yield from _section("What is asked for, without tax", _money(data["currencies"]))
    yield from _section("Findings", _codes(data["codes"]))
    wrong = [each for each in data["pairs"] if each["over_cdrs"] or each["repeated_cdrs"]]
    if wrong:
        yield from _section("By whom too much was asked for", _pairs(wrong))
    if data["invoice"] is not None:
        yield from _section("Invoice", _invoice(data["invoice"]))
    if data["sets"]["shown"]:
        shown = [f"{each['visited_cso']}: {each['detail']}" for each in data["sets"]["shown"]]
        yield from _section("All CDRs together", _sentences(shown))
    for group in data["worst"]:
        if group["cases"]:
            yield from _section(f"Worst cases, {printable(group['currency'])}", _cases(group["cases"]))
    if data["notes"]:
        yield from _section("Notes", _sentences(data["notes"]))


def _section(title: str, content: ConsoleRenderable) -> Iterator[ConsoleRenderable]:
    yield Text("")
    yield Text(title, style="bold")
    yield content


def _table(columns: Sequence[tuple[str, bool]]) -> Table:
    """Return an empty table; a column is a heading and whether it has numbers."""
    table = Table(box=box.SIMPLE_HEAD, header_style="", pad_edge=False, show_edge=False, collapse_padding=True)
    for heading, numbers in columns:
        table.add_column(
            heading, justify="right" if numbers else "left", no_wrap=numbers or not heading, overflow="fold"
        )
    return table


class _Figures:
    """A table of figures; where the console is too narrow for it a list of them, for none may be cut off."""

    def __init__(self, columns: Sequence[tuple[str, bool]], rows: Sequence[Sequence[str]]) -> None:
        self._columns, self._rows = columns, rows

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        table = _table(self._columns)
        for row in self._rows:
            table.add_row(*row)
        if console.measure(table, options=options.update_width(_UNBOUNDED)).maximum <= options.max_width:
            yield table
        else:
            for row in self._rows:
                yield from self._listed(row)

    def _listed(self, row: Sequence[str]) -> Iterator[ConsoleRenderable]:
        cells = list(zip(self._columns, row, strict=True))
        yield Text.from_markup(", ".join(cell for (_, numbers), cell in cells if not numbers))
        figures = Table.grid(padding=(0, 2))
        figures.add_column()
        figures.add_column(justify="right", overflow="fold")
        for (heading, numbers), cell in cells:
            if numbers:
                figures.add_row(heading, cell)
        yield Padding(figures, (0, 0, 0, 2), expand=False)


def _head(data: Data) -> ConsoleRenderable:
    file, terms = data["file"], data["terms"]
    verdicts = ", ".join(
        f"[{_COLOURS[name]}]{count:,} {name.lower()}[/]" for name, count in data["verdicts"].items() if count
    )
    rounding = terms["rounding"]
    lines = [f"{file['rows']:,} rows, {file['cdrs']:,} CDRs, {file['unreadable']:,} rows that cannot be read"]
    if file["first_start"]:
        lines.append(f"Sessions that began from {file['first_start']} to {file['last_start']}")
    lines.append(f"Verdicts: {verdicts or 'none'}")
    what = "each line" if rounding["per_line"] else "the totals"
    lines.append(
        f"Tolerated: {terms['tolerance']}; rounded {rounding['mode']} to {rounding['digits']} digits, {what}; "
        f"{terms['tariffs']:,} tariffs and {terms['locations']:,} locations were given"
    )
    return Group(*(Text.from_markup(line) for line in lines))


def _money(currencies: Sequence[Data]) -> ConsoleRenderable:
    headings = "CDRs", "priced", "kWh", "claimed", "too much", "too little", "again"
    rows = [
        (
            escape(str(printable(each["currency"]))),
            f"{each['cdrs']:,}",
            f"{each['rated_cdrs']:,}",
            amount(each["kwh"]),
            amount(each["claimed"]),
            _counted(each["over"], each["over_cdrs"]),
            _counted(each["under"], each["under_cdrs"]),
            _counted(each["repeated"], each["repeated_cdrs"]),
        )
        for each in currencies
    ]
    return _Figures([("", False), *((each, True) for each in headings)], rows)


def _counted(sum_of: str, cdrs: int) -> str:
    return f"{amount(sum_of)} ({cdrs:,})" if cdrs else "–"


def _codes(codes: Sequence[Data]) -> ConsoleRenderable:
    table = _table([("code", False), ("severity", False), ("CDRs", True), ("for example", False)])
    for each in codes:
        example = next(iter(each["examples"]), None)
        shown = "" if example is None else f"{_where(example)}: {example['detail']}"
        severity = each["severity"]
        table.add_row(
            each["code"], f"[{_COLOURS[severity]}]{severity}[/]", f"{each['cdrs']:,}", escape(str(printable(shown)))
        )
    return table


def _where(each: Data) -> str:
    return f"line {each['line']}, {each['cdr_id']}" if each["cdr_id"] else f"line {each['line']}"


def _pairs(pairs: Sequence[Data]) -> ConsoleRenderable:
    texts, numbers = ("visited-CSO", "home-CSP", ""), ("CDRs", "too much", "again")
    rows = [
        (
            *(escape(str(printable(each[name]))) for name in ("visited_cso", "home_csp", "currency")),
            f"{each['cdrs']:,}",
            _counted(each["over"], each["over_cdrs"]),
            _counted(each["repeated"], each["repeated_cdrs"]),
        )
        for each in pairs[:MOST_ROWS]
    ]
    return _Figures([*((each, False) for each in texts), *((each, True) for each in numbers)], rows)


def _invoice(invoice: Data) -> ConsoleRenderable:
    totals = ", ".join(f"{amount(value)} {printable(name)}" for name, value in invoice["totals"].items()) or "nothing"
    table = _table([("difference", False), ("count", True), ("too much on the invoice", True)])
    for each in invoice["differences"]:
        more = "\n".join(f"{amount(value)} {printable(name)}" for name, value in each["amounts"].items())
        table.add_row(each["difference"], f"{each['count']:,}", escape(more) or "–")
    told = Text(f"{invoice['lines']:,} lines that ask for {totals}; {invoice['agreeing']:,} agree with their CDR")
    return Group(told, table) if invoice["differences"] else told


def _cases(cases: Sequence[Data]) -> ConsoleRenderable:
    return Group(*(_case(each) for each in cases[:MOST_CASES]))


def _case(each: Data) -> ConsoleRenderable:
    rated = "no price of ours" if each["rated_excl_tax"] is None else f"{amount(each['rated_excl_tax'])} by the tariff"
    title = (
        f"{_where(each)}, {each['visited_cso']} to {each['home_csp']}: {amount(each['claimed_excl_tax'])} "
        f"{each['currency']} asked for, {rated}, {each['verdict']}"
    )
    findings = [_indented(f"{one['code']}: {one['detail']}") for one in each["findings"]]
    lines = [_indented(line, style="dim") for line in _explanation(each)]
    return Group(Text(str(printable(title))), *findings, *lines, _indented(""))


def _indented(line: str, style: str = "") -> ConsoleRenderable:
    """Return a line below a heading, wrapped within its own indentation."""
    text = line.lstrip(" ")
    if not text:
        return Text("")
    return Padding(Text(str(printable(text)), style=style), (0, 0, 0, 2 + len(line) - len(text)), expand=False)


def _explanation(each: Data) -> Sequence[str]:
    return each["explanation"]["text"] if each["explanation"] else ()


def _sentences(sentences: Sequence[str]) -> ConsoleRenderable:
    shown = [Text(str(printable(each))) for each in sentences[:MOST_ROWS]]
    left = len(sentences) - len(shown)
    return Group(*shown, *([Text(f"… and {left:,} more")] if left else []))
