"""Cohorts with a known truth: does netgen's default keep its level, do its limits cover, what does it find?"""
