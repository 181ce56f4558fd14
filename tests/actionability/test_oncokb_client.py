"""The OncoKB client against a server of our own: what leaves, what comes back, and what every failure says."""

from __future__ import annotations

import json
import threading
from collections import deque
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pandas as pd
import pytest

from netgen.actionability.alterations import conform_alterations
from netgen.actionability.imported import IMPORTED_COLUMNS
from netgen.actionability.oncokb_client import COPY_NUMBER, MUTATIONS, STRUCTURAL, ask_oncokb
from netgen.actionability.oncokb_http import ONCOKB_URL, Pacing, check_url
from netgen.errors import AnalysisError, Findings
from netgen.knowledge.oncotree import load_oncotree

TREE = load_oncotree()
TOKEN = "0f3c-not-a-real-token-77aa"
VARIABLE = "NETGEN_TEST_TOKEN"
LEVEL_1 = {
    "level": "LEVEL_1",
    "drugs": [{"drugName": "Dabrafenib", "ncitCode": "C82386"}, {"drugName": "Trametinib", "ncitCode": "C77908"}],
    "levelAssociatedCancerType": {"code": "", "name": None, "mainType": {"name": "Non-Small Cell Lung Cancer"}},
    "levelExcludedCancerTypes": [],
    "pmids": ["27283860"],
    "abstracts": [{"abstract": "Planchard, Abstract# 9075, ASCO 2017", "link": "link-9075"}],
    "description": "text that is not ours",
}


def annotation(**parts):
    empty = {"treatments": [], "diagnosticImplications": [], "prognosticImplications": [], "dataVersion": "v4.24"}
    return {"geneExist": True, "variantExist": True, "oncogenic": "Oncogenic", "query": {}, **empty, **parts}


class StandIn(ThreadingHTTPServer):
    """Answers every question with ``answer(question)``, after the scripted (status, headers, body) are used up."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests, self.script = [], deque()
        self.answer = lambda _: annotation()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/api/v1"

    def handle_error(self, *_):
        """Say nothing of clients that hang up."""

    def bodies(self):
        return [json.loads(body) for _, _, body in self.requests]

    def paths(self):
        return [path.removeprefix("/api/v1") for path, _, _ in self.requests]


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.requests.append((self.path, str(self.headers), body))
        if self.server.script:
            status, headers, answer = self.server.script.popleft()
        else:
            status, headers, answer = 200, {}, json.dumps([self.server.answer(item) for item in json.loads(body)])
        if status == "hang up":
            return
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.encode())))
        self.end_headers()
        self.wfile.write(answer.encode())

    def do_GET(self):
        self.server.requests.append((self.path, str(self.headers), "null"))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        """Write nothing."""


@pytest.fixture
def server():
    stand_in = StandIn()
    thread = threading.Thread(target=stand_in.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield stand_in
    stand_in.shutdown()
    thread.join()
    stand_in.server_close()


@pytest.fixture
def ask(server, monkeypatch):
    """Ask the stand-in; ``ask.waits`` holds the seconds it would have slept."""
    monkeypatch.setenv(VARIABLE, TOKEN)

    def run(*rows, patients=None, url=None, **pacing):
        run.findings = Findings()
        return ask_oncokb(
            table(*rows),
            pd.Series(patients or {"PAT-1": "LUAD"}).rename("oncotree_code").to_frame(),
            TREE,
            token_env=VARIABLE,
            url=url or server.url,
            findings=run.findings,
            pacing=Pacing(**{"pause": 0.5, "backoff": 2.0, "attempts": 4, "sleep": run.waits.append, **pacing}),
        )

    run.waits = []
    return run


def table(*rows):
    base = {"patient_id": "PAT-1", "sample_id": "SAMPLE-1", "origin": "somatic", "kind": "mutation", "file": "my.maf"}
    frame = pd.DataFrame([{**base, **row} for row in rows])
    code = frame.pop("oncotree_code") if "oncotree_code" in frame else None
    out = conform_alterations(frame.assign(alteration_id=range(len(frame)), event=range(len(frame))))
    return out if code is None else out.assign(oncotree_code=code.astype("string"))


def mutation(change="V600E", gene="BRAF", **more):
    return {"gene": gene, "change": change, "change_type": "missense", "alteration": f"p.{change}", **more}


def symbol(gene):
    return {"hugoSymbol": gene}


def fusion(gene="ETV6", partner="NTRK3", **more):
    return {
        "kind": "fusion", "gene": gene, "partner": partner, "alteration": f"{gene}::{partner}", "place": "unknown",
        "frame": "unknown", "variant_class": "FUSION", **more,
    }  # fmt: skip


def test_ask_oncokb__returns_what_the_service_says(ask, server):
    server.answer = lambda _: annotation(
        treatments=[
            LEVEL_1,
            {**LEVEL_1, "drugs": [{"drugName": "Encorafenib"}, {"drugName": "Binimetinib"}], "pmids": ["37270692"]},
            {
                **LEVEL_1,
                "level": "LEVEL_R1",
                "drugs": [],
                "levelAssociatedCancerType": {"code": "MEL", "name": "Melanoma"},
            },
        ],
        diagnosticImplications=[
            {
                "levelOfEvidence": "LEVEL_Dx2",
                "tumorType": {"code": "LUAD", "name": "Lung Adenocarcinoma"},
                "pmids": ["1"],
            }
        ],
        prognosticImplications=[{"levelOfEvidence": None, "tumorType": None}],
    )
    rows = ask(mutation())
    assert list(rows.columns) == list(IMPORTED_COLUMNS)
    keys = ["patient_id", "sample_id", "gene", "alteration", "imported_version", "imported_licence"]
    assert rows[keys].drop_duplicates().to_numpy().tolist() == [
        ["PAT-1", "SAMPLE-1", "BRAF", "p.V600E", "v4.24", "OncoKB terms of use"]
    ]
    cited = "27283860;Planchard, Abstract# 9075, ASCO 2017 (link-9075)"
    columns = [f"imported_{name}" for name in ("level", "therapy", "direction", "disease", "oncotree", "scope_match")]
    assert rows[columns].to_numpy().tolist() == [
        ["LEVEL_1", "Dabrafenib + Trametinib; Encorafenib + Binimetinib", "sensitivity", "Non-Small Cell Lung Cancer",
         "NSCLC", "in_scope"],
        ["LEVEL_R1", "", "resistance", "Melanoma", "MEL", "out_of_scope"],
        ["LEVEL_Dx2", "", "diagnostic", "Lung Adenocarcinoma", "LUAD", "in_scope"],
    ]  # fmt: skip
    assert rows["imported_citation"].tolist() == [f"{cited};37270692", cited, "1"]
    assert "text that is not ours" not in rows.to_csv()


def test_ask_oncokb__sends_gene_alteration_and_code_and_no_identifier(ask, server):
    ask(
        mutation(sample_id="SAMPLE-2", vaf=0.31, genomic="GRCh38:7:140753336:A:T", row=17),
        mutation(patient_id="PAT-2", sample_id="SAMPLE-3"),
        {"kind": "amplification", "gene": "ERBB2", "alteration": "amplification"},
        {"kind": "homdel", "gene": "CDKN2A", "alteration": "homozygous deletion"},
        fusion(),
        patients={"PAT-1": "LUAD", "PAT-2": "ALUCA"},
    )
    assert dict(zip(server.paths(), server.bodies(), strict=True)) == {
        MUTATIONS: [
            {"gene": symbol("BRAF"), "alteration": "V600E", "tumorType": "ALUCA"},
            {"gene": symbol("BRAF"), "alteration": "V600E", "tumorType": "LUAD"},
        ],
        COPY_NUMBER: [
            {"gene": symbol("ERBB2"), "copyNameAlterationType": "AMPLIFICATION", "tumorType": "LUAD"},
            {"gene": symbol("CDKN2A"), "copyNameAlterationType": "DELETION", "tumorType": "LUAD"},
        ],
        STRUCTURAL: [
            {
                "geneA": symbol("ETV6"), "geneB": symbol("NTRK3"), "functionalFusion": True,
                "structuralVariantType": "FUSION", "tumorType": "LUAD",
            }
        ],
    }  # fmt: skip
    sent = " ".join(part for request in server.requests for part in request)
    for secret in ("PAT-", "SAMPLE-", "my.maf", "140753336", "0.31"):
        assert secret not in sent


def test_ask_oncokb__text_that_is_no_protein_change_never_leaves(ask, server):
    ask(
        mutation("P0012345"), mutation("SAMPLE-1"), mutation("S12"), mutation("V600E of Anna"), mutation(""),
        mutation(gene="BRAF (Anna)"), mutation(oncotree_code="Anna"), mutation("G12C", "KRAS"),
    )  # fmt: skip
    assert server.bodies() == [[{"gene": {"hugoSymbol": "KRAS"}, "alteration": "G12C", "tumorType": "LUAD"}]]


def test_ask_oncokb__counts_what_it_does_not_ask(ask, server):
    rows = ask(
        mutation(origin="germline"), mutation(""), mutation(patient_id="PAT-3"), fusion("RET", ""),
        {"kind": "biomarker", "gene": "", "marker": "TMB", "alteration": "TMB 12"}, mutation(gene=""),
    )  # fmt: skip
    assert (len(rows), server.requests) == (0, [])
    assert list(rows.columns) == list(IMPORTED_COLUMNS)
    (found,) = ask.findings
    assert found.code == "I_ROWS_IGNORED"
    assert found.message == (
        "OncoKB was not asked about 6 alterations: 1 measured biomarkers, 1 germline, 1 of patients without an OncoTree"
        " code, 1 without a gene symbol, 1 without a protein change that can be read, 1 structural variants with one"
        " known gene."
    )


def test_ask_oncokb__each_question_is_asked_once_and_answered_for_all(ask, server):
    server.answer = lambda _: annotation(treatments=[LEVEL_1])
    patients = {f"PAT-{i}": "LUAD" for i in range(30)}
    rows = ask(*(mutation(patient_id=name, sample_id=f"S-{name}") for name in patients), patients=patients)
    assert [len(body) for body in server.bodies()] == [1]
    assert rows["patient_id"].tolist() == sorted(patients)


def test_ask_oncokb__batches_of_100_with_a_pause_and_answers_in_order(ask, server):
    def answer(question):
        return annotation(treatments=[{**LEVEL_1, "drugs": [{"drugName": "drug of " + question["alteration"]}]}])

    server.answer = answer
    rows = ask(*(mutation(f"V{i}E") for i in range(1, 251)))
    assert [len(body) for body in server.bodies()] == [100, 100, 50]
    assert ask.waits == [0.5, 0.5]
    assert len(rows) == 250
    assert ("drug of " + rows["alteration"].str.removeprefix("p.") == rows["imported_therapy"]).all()


def test_ask_oncokb__sends_the_token_as_bearer_and_nowhere_else(ask, server):
    rows = ask(mutation())
    (path, headers, body), *_ = server.requests
    assert f"Authorization: Bearer {TOKEN}\n" in headers
    assert TOKEN not in path + body + rows.to_csv() + repr(list(ask.findings)) + repr(Pacing())


@pytest.mark.parametrize("code", ["LUCA", "ALUCA", "LUNE", "PANET", "TNET", "LUNG"])
@pytest.mark.parametrize(
    ("named", "scope"),
    [
        ({"code": "ALUCA", "name": "Atypical Lung Carcinoid"}, None),
        ({"mainType": {"name": "All Solid Tumors"}}, "uncertain"),
        ({"mainType": {"name": "All Tumors"}}, "uncertain"),
        (None, "uncertain"),
    ],
)
def test_ask_oncokb__neuroendocrine_patient_is_never_in_scope(ask, server, code, named, scope):
    server.answer = lambda _: annotation(treatments=[{**LEVEL_1, "levelAssociatedCancerType": named}])
    (row,) = ask(mutation(), patients={"PAT-1": code}).to_dict("records")
    if scope is None:
        scope = "uncertain" if code in ("ALUCA", "LUNG") else "out_of_scope"
    assert row["imported_scope_match"] == scope
    assert row["imported_disease"].endswith("annotator_scope)" if named else "annotator_scope")


def test_ask_oncokb__level_of_nsclc_is_out_of_scope_for_a_carcinoid(ask, server):
    server.answer = lambda _: annotation(treatments=[LEVEL_1])
    (row,) = ask(mutation(), patients={"PAT-1": "ALUCA"}).to_dict("records")
    assert row["imported_scope_match"] == "out_of_scope"
    assert row["imported_disease"] == "Non-Small Cell Lung Cancer (annotator_scope)"
    assert row["imported_level"] == "LEVEL_1"


def test_ask_oncokb__excluded_tumour_types_are_out_of_scope(ask, server):
    solid = {**LEVEL_1, "levelAssociatedCancerType": {"mainType": {"name": "All Solid Tumors"}}}
    excluded = [{"code": "", "name": "", "mainType": {"name": "Colorectal Cancer"}}]
    server.answer = lambda _: annotation(treatments=[{**solid, "levelExcludedCancerTypes": excluded}])
    rows = ask(mutation(), mutation(patient_id="PAT-2"), patients={"PAT-1": "LUAD", "PAT-2": "COAD"})
    assert rows["imported_scope_match"].tolist() == ["agnostic", "out_of_scope"]
    assert set(rows["imported_disease"]) == {"All Solid Tumors (excluding Colorectal Cancer)"}


def test_ask_oncokb__fusion_is_one_question_and_both_genes_get_the_answer(ask, server):
    server.answer = lambda _: annotation(treatments=[LEVEL_1])
    rows = ask(
        fusion("EML4", "ALK", place="five_prime", alteration="EML4::ALK"),
        fusion("ALK", "EML4", place="three_prime", alteration="EML4::ALK"),
    )
    (questions,) = server.bodies()
    assert [(item["geneA"]["hugoSymbol"], item["geneB"]["hugoSymbol"]) for item in questions] == [("EML4", "ALK")]
    assert rows["gene"].tolist() == ["ALK", "EML4"]


@pytest.mark.parametrize(
    ("event", "kind", "functional"),
    [
        (fusion(), "FUSION", True),
        (fusion(variant_class="TRANSLOCATION", frame="in_frame"), "FUSION", True),
        (fusion(variant_class="TRANSLOCATION", frame="out_of_frame"), "TRANSLOCATION", False),
        (fusion(variant_class="DELETION", lof=True), "DELETION", False),
        (fusion("EGFR", "EGFR", variant_class="DUPLICATION"), "DUPLICATION", False),
        (fusion("EGFR", "EGFR", variant_class="other"), "UNKNOWN", False),
    ],
)
def test_ask_oncokb__functional_unless_known_not_to_be(ask, server, event, kind, functional):
    ask(event)
    ((question,),) = server.bodies()
    assert (question["structuralVariantType"], question["functionalFusion"]) == (kind, functional)


# --------------------------------------------------------------------------------------------------- failures
def test_ask_oncokb__waits_and_asks_again_after_429(ask, server):
    server.script.append((429, {"Retry-After": "7"}, ""))
    server.answer = lambda _: annotation(treatments=[LEVEL_1])
    assert len(ask(mutation())) == 1
    assert len(server.requests) == 2
    assert ask.waits == [7.0]


@pytest.mark.parametrize("header", [{}, {"Retry-After": "1"}, {"Retry-After": "soon"}, {"Retry-After": ""}])
def test_ask_oncokb__waits_at_least_the_backoff(ask, server, header):
    server.script.extend([(503, header, ""), (502, header, "")])
    ask(mutation())
    assert ask.waits == [2.0, 4.0]


def test_ask_oncokb__reads_a_date_to_retry_after(ask, server):
    server.script.append(
        (429, {"Retry-After": format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)}, "")
    )
    ask(mutation(), longest_wait=7200.0)
    assert 3000 < ask.waits[0] <= 3600


def test_ask_oncokb__does_not_wait_longer_than_it_may(ask, server):
    server.script.append((429, {"Retry-After": "86400"}, ""))
    with pytest.raises(AnalysisError, match=r"asks to wait for 86400 s \(HTTP 429\)"):
        ask(mutation())
    assert ask.waits == []


def test_ask_oncokb__gives_up_on_a_server_that_always_fails(ask, server):
    server.script.extend([(500, {}, "")] * 9)
    with pytest.raises(AnalysisError, match="OncoKB did not answer in 4 attempts: HTTP 500"):
        ask(mutation())
    assert len(server.requests) == 4
    assert ask.waits == [2.0, 4.0, 8.0]


def test_ask_oncokb__asks_again_when_the_connection_breaks(ask, server):
    server.script.append(("hang up", {}, ""))
    server.answer = lambda _: annotation(treatments=[LEVEL_1])
    assert len(ask(mutation())) == 1
    assert ask.waits == [2.0]


def test_ask_oncokb__gives_up_on_a_server_that_says_nothing(ask, server):
    release = threading.Event()

    def answer(_):
        release.wait(60)
        return annotation()

    server.answer = answer
    try:
        with pytest.raises(AnalysisError, match="did not answer in 2 attempts: timed out"):
            ask(mutation(), attempts=2, timeout=0.1)
    finally:
        release.set()


@pytest.mark.parametrize("status", [401, 403])
def test_ask_oncokb__refused_token_is_said_and_not_shown(ask, server, status):
    server.script.append((status, {}, '{"detail": "unauthorized"}'))
    with pytest.raises(AnalysisError, match=rf"OncoKB refused the token \(HTTP {status}\)") as caught:
        ask(mutation())
    assert caught.value.finding.code == "E_ONCOKB"
    assert TOKEN not in str(caught.value)
    assert len(server.requests) == 1


def test_ask_oncokb__other_refusals_are_not_repeated(ask, server):
    server.script.append((404, {}, ""))
    with pytest.raises(AnalysisError, match=r"did not accept the request \(HTTP 404\)"):
        ask(mutation())
    assert len(server.requests) == 1


def test_ask_oncokb__follows_no_redirect(ask, server):
    server.script.append((302, {"Location": server.url + "/elsewhere"}, ""))
    with pytest.raises(AnalysisError, match=r"HTTP 302"):
        ask(mutation())
    assert server.paths() == [MUTATIONS]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("<html>", "it is not JSON"),
        ("", "it is not JSON"),
        ("{}", "it is not a list of annotations"),
        ("[null]", "it is not a list of annotations"),
        ("[]", "1 annotations are needed, found 0"),
        ("[{}, {}]", "1 annotations are needed, found 2"),
        ('[{"treatments": 1}]', "treatments is not a list of objects"),
        ('[{"treatments": ["LEVEL_1"]}]', "treatments is not a list of objects"),
        ('[{"treatments": [{"drugs": {}, "pmids": "1"}]}]', "pmids are not a list"),
        ('[{"treatments": [{"levelAssociatedCancerType": "MEL"}]}]', "a tumour type has no name"),
    ],
)
def test_ask_oncokb__answer_of_another_form_is_refused(ask, server, answer, why):
    server.script.append((200, {}, answer))
    with pytest.raises(AnalysisError, match=f"The answer of OncoKB cannot be read: {why}"):
        ask(mutation())


def test_ask_oncokb__empty_annotation_says_nothing(ask, server):
    server.script.append((200, {}, "[{}]"))
    assert len(ask(mutation())) == 0


def test_ask_oncokb__version_that_is_not_stated_is_called_so(ask, server):
    server.answer = lambda _: {"treatments": [LEVEL_1]}
    assert ask(mutation())["imported_version"].tolist() == ["not stated"]


def test_ask_oncokb__no_network_is_said_at_once(ask, server):
    server.shutdown()
    server.server_close()
    with pytest.raises(AnalysisError, match=r"OncoKB cannot be reached: .*refused.* Check the network"):
        ask(mutation(), url=server.url)
    assert ask.waits == []


@pytest.mark.parametrize("value", [None, "", "   "])
def test_ask_oncokb__token_must_be_in_the_variable(ask, server, monkeypatch, value):
    monkeypatch.delenv(VARIABLE)
    if value is not None:
        monkeypatch.setenv(VARIABLE, value)
    with pytest.raises(AnalysisError, match="should hold the token is not set"):
        ask(mutation())
    assert server.requests == []


def test_ask_oncokb__token_with_a_line_break_is_refused_and_not_shown(ask, server, monkeypatch):
    monkeypatch.setenv(VARIABLE, TOKEN + "\nX-Other: 1")
    with pytest.raises(AnalysisError, match="The token holds blanks") as caught:
        ask(mutation())
    assert TOKEN not in str(caught.value)
    assert server.requests == []


def test_ask_oncokb__token_in_place_of_the_name_is_not_repeated():
    patients = pd.DataFrame({"oncotree_code": ["LUAD"]}, index=["PAT-1"])
    with pytest.raises(AnalysisError, match="The name of an environment variable is needed") as caught:
        ask_oncokb(table(mutation()), patients, TREE, token_env=TOKEN, findings=Findings())
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["http://www.oncokb.org/api/v1", "http://10.0.0.1/", "file:///etc/passwd", "", "http://[::1"]
)
def test_check_url__token_goes_over_https_only(url):
    with pytest.raises(AnalysisError, match="over https only"):
        check_url(url)


@pytest.mark.parametrize("url", [ONCOKB_URL, "http://localhost:8080/api", "http://127.0.0.1:1", "http://[::1]:5"])
def test_check_url__accepts_https_and_this_machine(url):
    check_url(url)
