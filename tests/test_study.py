"""``study.toml``: every setting is read, and every wrong one is reported, all in one pass and with the nearest name."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from netgen.data import demo_folder, init_folder
from netgen.errors import InputError, SchemaError
from netgen.study import AssociationSettings, EndpointRequest, describe, override
from netgen.study_file import read_study

EXAMPLES = Path(__file__).parents[1] / "examples"
SOURCE = '[[source]]\nkind = "tables"\npatients = "patients.csv"\n'
SAMPLES = SOURCE + "[source.samples]\nfile = 's'\n"


@pytest.fixture
def read(tmp_path):
    """Return a function that reads a study from its text."""

    def read_text(text):
        path = tmp_path / "study.toml"
        path.write_text(text, encoding="utf-8")
        return read_study(path)

    return read_text


@pytest.fixture
def problems(read):
    """Return a function that reads a study and gives what is wrong with it: place, message, remedy."""

    def find(text):
        with pytest.raises(SchemaError) as caught:
            read(text)
        found = list(caught.value.findings)
        assert {(item.code, Path(item.file).name) for item in found} == {("E_CONFIG", "study.toml")}
        return [(item.column, item.message, item.fix) for item in found]

    return find


def test_read_study__has_defaults_for_everything_but_the_sources(read, tmp_path):
    study = read(SOURCE)
    assert (study.id, study.title, study.genome, study.data_cutoff) == (tmp_path.name, "", None, None)
    assert study.file == tmp_path / "study.toml"
    assert study.association == AssociationSettings()
    assert study.association.endpoints == ("os",)
    assert (study.read.on_duplicate, study.read.skip_invalid, study.eligibility.ki67_above) == ("error", False, None)
    (source,) = study.sources
    assert (source.kind, source.namespace, source.name, source.variants) == ("tables", "", "", ())
    assert source.tables["patients"].file == tmp_path / "patients.csv"


def test_read_study__reads_every_setting(read, tmp_path):
    study = read(
        """
        [study]
        id = "linear"
        title = "LINEAR"
        genome = "GRCh38"
        data_cutoff = 2026-03-01
        sequencing_context = "clinical"
        label = "SYNTHETIC"

        [[source]]
        kind = "cbioportal"
        path = "panet"
        set = { origin = "pancreatic", centre = 3, trial = true }
        namespace = "a"
        assay = "wgs"

        [[source]]
        kind = "tables"
        variants = ["vcf/*.vcf.gz", "x.maf"]
        panel = "one.bed"
        panels = ["two.txt"]
        genome = "GRCh37"
        assume_profiled = true
        samples = "samples.csv"
        [source.patients]
        file = "lung.xlsx"
        sheet = "Table S1"
        header_row = 3
        columns = { patient_id = "ID", ki67_pct = ["Ki67 met", "Ki67"] }
        where = { type = ["NET", 3], batch = 2, kept = true }
        where_present = ["ID"]
        [source.alterations]
        file = "genes.csv"
        layout = "carriers"
        gene_column = "gene"
        profiled = "all"
        genes = ["MEN1"]
        [source.endpoints.OS]
        time = "months"
        event = "status"

        [endpoints.pfs]
        origin = "line:1"
        new_therapy = "event"
        clinical_pd = false
        [endpoints.dss]
        time = ["a", "b"]
        event = "e"
        unit = "years"
        status_map = { "1" = "event" }

        [read]
        date_order = "dmy"
        skip_invalid = true
        min_vaf = 0.05
        min_depth = 50
        status_map = { "2" = "dead" }

        [eligibility]
        ki67_above = 20
        differentiation = ["well"]

        [association]
        endpoints = ["OS", "pfs", "os"]
        adjust = ["ki67_pct"]
        pathways = { mtor = ["PTEN", "TSC1"], one = "MEN1" }
        min_altered = 4
        landmark = 90
        alpha = 0
        model = false
        """
    )
    assert (study.id, study.title, study.label, study.data_cutoff) == (
        "linear",
        "LINEAR",
        "SYNTHETIC",
        date(2026, 3, 1),
    )
    first, second = study.sources
    assert (first.kind, first.path, first.assay, first.name) == ("cbioportal", tmp_path / "panet", "wgs", "source1")
    assert first.set == {"origin": "pancreatic", "centre": "3", "trial": "True"}
    assert second.variants == ("vcf/*.vcf.gz", "x.maf")
    assert second.panels == (tmp_path / "two.txt", tmp_path / "one.bed")
    assert (second.genome, second.assume_profiled, second.base) == ("GRCh37", True, tmp_path)
    patients = second.tables["patients"]
    assert (patients.file, patients.sheet, patients.header_row) == (tmp_path / "lung.xlsx", "Table S1", 3)
    assert patients.columns == {"patient_id": "ID", "ki67_pct": ["Ki67 met", "Ki67"]}
    assert patients.where == {"type": ["NET", "3"], "batch": ["2"], "kept": ["True"]}
    assert patients.where_present == ("ID",)
    assert second.tables["samples"].file == tmp_path / "samples.csv"
    assert second.alterations is not None
    assert (second.alterations.layout, second.alterations.genes) == ("carriers", ("MEN1",))
    assert second.endpoints == {"os": EndpointRequest(name="os", time=("months",), event="status")}
    assert study.endpoints["dss"].time == ("a", "b")
    assert (study.endpoints["pfs"].new_therapy, study.endpoints["pfs"].clinical_pd) == ("event", False)
    assert (study.read.date_order, study.read.skip_invalid, study.read.min_vaf) == ("dmy", True, 0.05)
    assert study.eligibility.differentiation == ("well",)
    association = study.association
    assert association.endpoints == ("os", "pfs")
    assert association.pathways == {"mtor": ("PTEN", "TSC1"), "one": ("MEN1",)}
    assert (association.min_altered, association.landmark, association.alpha, association.model) == (4, 90, 0, False)


@pytest.mark.parametrize(
    ("text", "place", "remedy"),
    [
        ("[stduy]\n" + SOURCE, "stduy", "Did you mean study?"),
        ('[study]\ntitel = "x"\n' + SOURCE, "study.titel", "Did you mean title?"),
        (SOURCE + 'varients = "x.maf"', "source 1.varients", "Did you mean variants?"),
        (SOURCE + "[source.samples]\nfile = 's.csv'\nsheeet = 1", "source 1.samples.sheeet", "Did you mean sheet?"),
        (
            SOURCE + "[source.alterations]\nfile='g.csv'\nlayout='matrix'\ngene='x'",
            "source 1.alterations.gene",
            "Did you mean genes?",
        ),
        (SOURCE + "[endpoints.os]\norigen = 'dx'", "endpoints.os.origen", "Did you mean origin?"),
        (SOURCE + "[read]\ndate_ordr = 'dmy'", "read.date_ordr", "Did you mean date_order?"),
        (SOURCE + "[eligibility]\nki67 = 20", "eligibility.ki67", "Did you mean ki67_above?"),
        (SOURCE + "[association]\nendpoint = ['os']", "association.endpoint", "Did you mean endpoints?"),
        (SOURCE + "[association]\nzzz = 1", "association.zzz", "Valid keys: endpoints, features, policy, "),
    ],
)
def test_read_study__names_the_nearest_key(problems, text, place, remedy):
    ((where, message, fix),) = problems(text)
    assert where == place
    assert message == f"unknown key {place.rsplit('.', 1)[-1]!r}."
    assert fix.startswith(remedy)


@pytest.mark.parametrize(
    ("text", "place", "message", "remedy"),
    [
        (
            '[[source]]\nkind="tabels"\npatients="p.csv"',
            "source 1.kind",
            "one of tables, cbioportal, sheet, files, found 'tabels'",
            "Did you mean tables?",
        ),
        (
            "[study]\ngenome = 'hg38'\n" + SOURCE,
            "study.genome",
            "one of GRCh37, GRCh38, found 'hg38'",
            "Did you mean GRCh38?",
        ),
        (SOURCE + "assay = 'WES'", "source 1.assay", "one of wes, wgs, found 'WES'", "Did you mean wes?"),
        (
            SOURCE + "[association]\nfeatures = 'any_nonsin'",
            "association.features",
            "any_nonsyn, lof, driver",
            "Did you mean any_nonsyn?",
        ),
        (SOURCE + "[association]\nties = 'exact'", "association.ties", "one of efron, breslow", "Use one of them."),
        (
            SOURCE + "[association]\nentry_rule = 'sequencing'",
            "association.entry_rule",
            "found 'sequencing'",
            "Did you mean sequencing_report?",
        ),
        (
            SOURCE + "[endpoints.os]\nnew_therapy = 'censored'",
            "endpoints.os.new_therapy",
            "one of censor, event, ignore",
            "Did you mean censor?",
        ),
        (
            SOURCE + "[endpoints.x]\ntime='t'\nevent='e'\nunit='month'",
            "endpoints.x.unit",
            "days, months, years",
            "Did you mean months?",
        ),
    ],
)
def test_read_study__names_the_nearest_value(problems, text, place, message, remedy):
    ((where, found, fix),) = problems(text)
    assert (where, fix) == (place, remedy)
    assert message in found


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("source = 'x'", "source", "source must be a list, found 'x'."),
        ("[source]\nkind='tables'", "source", "source must be a list, found {'kind': 'tables'}."),
        ("source = ['x']", "source", "source must hold a table, found 'x'."),
        ("study = 3\n" + SOURCE, "study", "study must be a table, found 3."),
        ("[study]\nid = 3\n" + SOURCE, "study.id", "id must be text, found 3."),
        ("[study]\ndata_cutoff = 20260301\n" + SOURCE, "study.data_cutoff", "must be a date or text, found 20260301."),
        ("[study]\ndata_cutoff = '01/03/2026'\n" + SOURCE, "study.data_cutoff", "YYYY-MM-DD, found '01/03/2026'."),
        (SOURCE + "variants = 5", "source 1.variants", "variants must be text or a list, found 5."),
        (SOURCE + "variants = [5]", "source 1.variants", "variants must hold text, found 5."),
        (SOURCE + "set = 'lung'", "source 1.set", "set must be a table, found 'lung'."),
        (SOURCE + "set = { origin = ['lung'] }", "source 1.set", "found ['lung']."),
        (SOURCE + "panels = 'a.bed'", "source 1.panels", "panels must be a list, found 'a.bed'."),
        (SOURCE + "samples = 5", "source 1.samples", "samples must be text or a table, found 5."),
        (SOURCE + "alterations = 'g.csv'", "source 1.alterations", "alterations must be a table, found 'g.csv'."),
        (SOURCE + "endpoints = ['os']", "source 1.endpoints", "endpoints must be a table, found ['os']."),
        (SOURCE + "assume_profiled = 1", "source 1.assume_profiled", "must be true or false, found 1."),
        (SAMPLES + "columns=['a']", "source 1.samples.columns", "must be a table, found ['a']."),
        (SAMPLES + "columns={ a=1 }", "source 1.samples.columns", "hold text or a list, found 1."),
        (SAMPLES + "columns={ a=['b',1] }", "source 1.samples.columns", "hold lists of text"),
        (SAMPLES + "where={ a={} }", "source 1.samples.where", "found {}."),
        (SAMPLES + "header_row=0", "source 1.samples.header_row", "must be at least 1, found 0."),
        (SOURCE + "[endpoints]\nos = 'x'", "endpoints", "endpoints must hold a table, found 'x'."),
        (SOURCE + "[endpoints.os]\ntime = [1]\nevent='e'", "endpoints.os.time", "time must hold text, found 1."),
        (
            SOURCE + "[endpoints.os]\nclinical_pd = 'no'",
            "endpoints.os.clinical_pd",
            "must be true or false, found 'no'.",
        ),
        (SOURCE + "[read]\nskip_invalid = 1", "read.skip_invalid", "must be true or false, found 1."),
        (SOURCE + "[read]\nmin_vaf = 5", "read.min_vaf", "min_vaf must be between 0 and 1, found 5."),
        (SOURCE + "[read]\nstatus_map = { a = 1 }", "read.status_map", "status_map must hold text, found 1."),
        (SOURCE + "[association]\nmin_altered = 'x'", "association.min_altered", "must be a whole number, found 'x'."),
        (
            SOURCE + "[association]\nmin_altered = true",
            "association.min_altered",
            "must be a whole number, found True.",
        ),
        (SOURCE + "[association]\nmin_altered = 0", "association.min_altered", "must be at least 1, found 0."),
        (SOURCE + "[association]\nendpoints = []", "association.endpoints", "must name at least 1, found none."),
        (SOURCE + "[association]\nlandmark = inf", "association.landmark", "must be at least 1, found inf."),
        (SOURCE + "[association]\npathways = { a = [] }", "association.pathways", "not hold an empty list."),
        (SAMPLES + "columns={ a=[] }", "source 1.samples.columns", "not hold an empty list."),
        (SOURCE + "[endpoints.os]\ntime = []\nevent='e'", "endpoints.os.time", "must name at least 1, found none."),
        (SOURCE + "[association]\nalpha = 1.5", "association.alpha", "must be between 0 and 1, found 1.5."),
        (SOURCE + "[association]\nalpha = '1'", "association.alpha", "alpha must be a number, found '1'."),
        (SOURCE + "[association]\ngenes = [1]", "association.genes", "genes must hold text, found 1."),
        (SOURCE + "[association]\npathways = { a = [1] }", "association.pathways", "hold lists of text, found [1]."),
        (SOURCE + f"[association]\nseed = '{'9' * 99}'", "association.seed", "found '" + "9" * 59 + "...."),
    ],
)
def test_read_study__names_the_type_that_is_needed(problems, text, place, message):
    ((where, found, fix),) = problems(text)
    assert where == place
    assert message in found
    assert fix


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("", "source", "a study needs at least one [[source]]."),
        ("source = []", "source", "a study needs at least one [[source]]."),
        ("[[source]]\npath='x'", "source 1.kind", "every source needs a kind."),
        ("[[source]]\nkind='cbioportal'", "source 1.path", "a cbioportal source needs path."),
        ("[[source]]\nkind='sheet'", "source 1.path", "a sheet source needs path."),
        ("[[source]]\nkind='tables'", "source 1.patients", "a tables source needs patients."),
        (
            "[[source]]\nkind='sheet'\npath='x'\nvariants='y'",
            "source 1.variants",
            "a sheet source does not read variants.",
        ),
        (SOURCE + "path = 'x'", "source 1.path", "a tables source does not read path."),
        (SOURCE + "samples = {}", "source 1.samples.file", "a table needs a file."),
        (SOURCE + "alterations = { file = 'g' }", "source 1.alterations.layout", "alterations need a layout."),
        (SOURCE + "alterations = { layout = 'matrix' }", "source 1.alterations.file", "alterations need a file."),
        (SOURCE + "[endpoints.os]\ntime = 't'", "endpoints.os.time", "recorded endpoints need both time and event."),
        (SOURCE + "[endpoints.os]\nevent = 'e'", "endpoints.os.time", "recorded endpoints need both time and event."),
        (SOURCE + "[endpoints.'a/b']\norigin = 'dx'", "endpoints.a/b", "named with letters, digits, _ and -."),
    ],
)
def test_read_study__says_what_is_missing_or_not_read(problems, text, place, message):
    ((where, found, fix),) = problems(text)
    assert where == place
    assert message in found
    assert fix


def test_read_study__reports_all_problems_at_once(problems):
    found = problems(
        "colour = 1\n[study]\ngenome = 'hg19'\n[[source]]\nkind = 'tables'\nvariants = 5\n[[source]]\nkind = 'vcf'\n"
        "[read]\nmin_depth = 'x'\n[association]\nendpoints = 'os'\nalpha = 2"
    )
    assert [place for place, _, _ in found] == [
        "colour", "study.genome", "source 1.variants", "source 1.patients", "source 2.kind", "read.min_depth",
        "association.endpoints", "association.alpha",
    ]  # fmt: skip


def test_read_study__a_moment_is_taken_as_its_day(read):
    assert read("[study]\ndata_cutoff = 2026-03-01T12:30:00\n" + SOURCE).data_cutoff == date(2026, 3, 1)
    assert read("[study]\ndata_cutoff = '2026-03-01'\n" + SOURCE).data_cutoff == date(2026, 3, 1)


def test_read_study__paths_are_relative_to_the_file_and_name_variables(read, tmp_path, monkeypatch):
    monkeypatch.setenv("NETGEN_TEST_DATA", "/data/here")
    study = read(
        "[[source]]\nkind='tables'\npatients = '${NETGEN_TEST_DATA}/p.csv'\nsamples = '../s.csv'\n"
        "variants = '$NETGEN_TEST_DATA/*.vcf'\npanel = '/panels/a.bed'"
    )
    (source,) = study.sources
    assert source.tables["patients"].file == Path("/data/here/p.csv")
    assert source.tables["samples"].file == tmp_path / ".." / "s.csv"
    assert source.variants == ("/data/here/*.vcf",)
    assert source.panels == (Path("/panels/a.bed"),)


def test_read_study__a_variable_that_is_not_set_is_a_problem(problems, monkeypatch):
    monkeypatch.delenv("NETGEN_TEST_DATA", raising=False)
    ((_, message, fix),) = problems("[[source]]\nkind='sheet'\npath = '${NETGEN_TEST_DATA}/x.csv'")
    assert message == "the path '${NETGEN_TEST_DATA}/x.csv' names an environment variable that is not set."
    assert fix == "Set it."


def test_read_study__must_be_a_toml_file(tmp_path):
    path = tmp_path / "study.toml"
    with pytest.raises(InputError, match=r"E_FILE_MISSING: .*the study file study\.toml does not exist"):
        read_study(str(path))
    path.write_text("[study\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"E_FILE_FORMAT: .*a study file must be TOML: .*line 1"):
        read_study(path)
    path.write_bytes(b"[study]\ntitle = '\xe9'\n")
    with pytest.raises(InputError, match=r"E_FILE_FORMAT: .*a study file must be TOML: 'utf-8'"):
        read_study(path)


def test_example_of_three_origins__is_valid(monkeypatch, tmp_path):
    monkeypatch.setenv("NETGEN_SHARED", str(tmp_path))
    study = read_study(EXAMPLES / "three_origins" / "study.toml")
    assert [source.kind for source in study.sources] == ["cbioportal", "tables", "tables"]
    assert [source.set["origin"] for source in study.sources] == ["pancreatic", "lung", "thymic"]
    assert all(str(source.path or source.tables["patients"].file).startswith(str(tmp_path)) for source in study.sources)


@pytest.mark.parametrize("folder", [demo_folder(), init_folder()])
def test_embedded_studies__are_valid(folder):
    study = read_study(folder / "study.toml")
    assert study.association.endpoints == ("os", "pfs")
    assert study.sources[0].base == folder


def test_describe__is_plain_and_complete():
    study = read_study(demo_folder() / "study.toml")
    plain = json.loads(json.dumps(describe(study)))
    assert plain["data_cutoff"] == "2025-06-30"
    assert plain["sources"][0]["tables"]["patients"]["file"] == str(demo_folder() / "patients.csv")
    assert plain["association"]["endpoints"] == ["os", "pfs"]
    assert plain["endpoints"]["pfs"]["origin"] == "line:1"


def test_override__replaces_what_is_given():
    settings = AssociationSettings(endpoints=("pfs",), adjust=("age",), min_altered=4)
    out = override(
        settings, endpoint="OS", genes=("A", "B"), adjust=[], min_altered=None, model=False, permutations=10,
        pathways={"p": ("A", "B")},
    )  # fmt: skip
    assert out == AssociationSettings(
        endpoints=("os",), adjust=("age",), min_altered=4, genes=("A", "B"), model=False, permutations=10,
        pathways={"p": ("A", "B")},
    )  # fmt: skip
    assert override(settings) == settings


def test_override__checks_options_as_the_file_is_checked():
    with pytest.raises(SchemaError) as caught:
        override(AssociationSettings(), strat="none", features="x", alpha=3, min_altered=2.5)
    assert [(item.column, item.fix) for item in caught.value.findings] == [
        ("strat", "Did you mean strata?"),
        ("features", "Use one of them."),
        ("alpha", "Change the value."),
        ("min_altered", "Change the value."),
    ]
