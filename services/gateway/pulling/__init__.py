"""Fetches partners' lists: what a partner does not push, pushed in vain or took back without a word."""
