"""A folder of dated knowledge: what its manifest must say, and everything that can be wrong with it, in one pass."""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from netgen.errors import Findings, SchemaError
from netgen.knowledge.oncotree import load_oncotree
from netgen.knowledge.snapshot import KINDS, check_snapshot, read_snapshot

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 11, 25)
TREE = {
    "TISSUE": {
        "code": "TISSUE", "name": "Tissue", "parent": None, "children": {
            "LUNG": {"code": "LUNG", "name": "Lung", "mainType": "Lung Cancer", "tissue": "Lung", "parent": "TISSUE",
                     "children": {}},
        },
    },
}  # fmt: skip


def put(folder: Path, name: str, text: str = "gene\nRET\n") -> str:
    """Write a file of the snapshot and return its checksum."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return hashlib.sha256(text.encode()).hexdigest()


def entry(folder: Path, name: str = "biomarkers.tsv", text: str = "gene\nRET\n", **changes: Any) -> dict[str, Any]:
    """Return the entry of a file that is written, with changes; None takes a key out."""
    whole = {
        "kind": "cgi", "path": name, "source": "cancergenomeinterpreter.org", "version": "v2", "date": "2026-04-21",
        "licence": "CC0", "sha256": put(folder, name, text),
    }  # fmt: skip
    return {key: value for key, value in {**whole, **changes}.items() if value is not None}


def manifest(folder: Path, *entries: Any, **more: Any) -> Path:
    """Write the manifest and return the folder."""
    document = {"netgen_knowledge": 1, "files": list(entries), **more}
    (folder / "manifest.json").write_text(json.dumps(document), encoding="utf-8")
    return folder


def problems(folder: Path) -> list[tuple[str, str]]:
    return [(item.code, item.column) for item in check_snapshot(folder, today=TODAY)]


def test_read_snapshot__gives_the_files_in_order_with_what_the_manifest_says(tmp_path: Path) -> None:
    first = entry(
        tmp_path, "tree/oncotree.json", json.dumps(TREE), kind="oncotree", version="2030", licence="CC BY 4.0"
    )
    second = entry(tmp_path, note="the second version", sha256=entry(tmp_path)["sha256"].upper())
    manifest(tmp_path, first, second, note="put together for the tests")
    findings = Findings()
    snapshot = read_snapshot(tmp_path, findings=findings, today=TODAY)
    assert not len(findings)
    assert [file.kind for file in snapshot.files] == ["oncotree", "cgi"]
    (biomarkers,) = snapshot.of("cgi")
    assert biomarkers.path == tmp_path / "biomarkers.tsv"
    assert (biomarkers.source, biomarkers.version, biomarkers.date, biomarkers.licence) == (
        "cancergenomeinterpreter.org", "v2", "2026-04-21", "CC0",
    )  # fmt: skip
    assert biomarkers.sha256 == hashlib.sha256(b"gene\nRET\n").hexdigest()
    assert snapshot.of("civic") == ()
    assert not len(check_snapshot(tmp_path, today=TODAY))


def test_load_oncotree__takes_the_tree_of_the_snapshot_and_its_version(tmp_path: Path) -> None:
    file = entry(tmp_path, "o.json", json.dumps(TREE), kind="oncotree", version="2030", source="a tree", licence="mine")
    tree = load_oncotree(read_snapshot(manifest(tmp_path, file), findings=Findings(), today=TODAY))
    assert list(tree.nodes.index) == ["LUNG"]
    assert (tree.source, tree.version, tree.date, tree.licence) == ("a tree", "2030", "2026-04-21", "mine")
    assert tree.complete


def test_load_oncotree__takes_the_bundled_table_if_the_snapshot_has_no_tree(tmp_path: Path) -> None:
    tree = load_oncotree(read_snapshot(manifest(tmp_path, entry(tmp_path)), findings=Findings(), today=TODAY))
    assert not tree.complete
    assert "PANET" in tree


CONTENT = {
    "genes": "symbol\tentrez_id\nMEN1\t4221\n",
    "gene_aliases": "alias\tsymbol\nMLL3\tKMT2C\n",
    "hotspots": "Hugo_Symbol\tResidue\tQ-value\nBRAF\tV600\t0\n",
}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_check_snapshot__knows_every_kind(tmp_path: Path, kind: str) -> None:
    name, text = ("x.tsv", CONTENT[kind]) if kind in CONTENT else ("x.json", json.dumps(TREE))
    assert problems(manifest(tmp_path, entry(tmp_path, name, text, kind=kind))) == []


@pytest.mark.parametrize("kind", ["oncotree", *CONTENT])
def test_check_snapshot__reads_what_a_file_holds(tmp_path: Path, kind: str) -> None:
    manifest(tmp_path, entry(tmp_path, "x.tsv", "something\telse\n1\t2\n", kind=kind))
    (finding,) = check_snapshot(tmp_path, today=TODAY)
    assert (finding.severity, finding.file) == ("E", str(tmp_path / "x.tsv"))


# ---------------------------------------------------------------- the manifest


def test_check_snapshot__needs_a_folder_and_a_manifest(tmp_path: Path) -> None:
    assert problems(tmp_path / "none") == [("E_FILE_MISSING", "")]
    assert problems(tmp_path) == [("E_FILE_MISSING", "")]
    assert "A manifest.json in the folder is needed" in str(next(iter(check_snapshot(tmp_path))))


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("{", ""),
        ("[" * 100_000, ""),
        ("\u00e9", ""),
        ("[]", ""),
        ("{}", "netgen_knowledge"),
        ('{"netgen_knowledge": 2, "files": [1]}', "netgen_knowledge"),
        ('{"netgen_knowledge": true, "files": [1]}', "netgen_knowledge"),
        ('{"netgen_knowledge": 1}', "files"),
        ('{"netgen_knowledge": 1, "files": []}', "files"),
        ('{"netgen_knowledge": 1, "files": {"kind": "civic"}}', "files"),
        ('{"netgen_knowledge": 1, "files": ["biomarkers.tsv"]}', "files"),
    ],
)
def test_check_snapshot__refuses_a_manifest_that_is_none(tmp_path: Path, text: str, column: str) -> None:
    (tmp_path / "manifest.json").write_bytes(text.encode("latin-1"))
    found = problems(tmp_path)
    assert found[0] == ("E_KNOWLEDGE", column)
    assert {code for code, _ in found} == {"E_KNOWLEDGE"}


def test_check_snapshot__names_the_key_that_was_meant(tmp_path: Path) -> None:
    manifest(tmp_path, entry(tmp_path, licence=None, license="CC0"), fles=[])
    found = [(item.column, item.message, item.fix) for item in check_snapshot(tmp_path, today=TODAY)]
    assert found == [
        ("fles", "The manifest: there is no key 'fles'.", "Write files."),
        ("licence", "Entry 1 (biomarkers.tsv): the key licence is needed, found none.", "Add licence."),
        ("license", "Entry 1 (biomarkers.tsv): there is no key 'license'.", "Write licence."),
    ]


# ---------------------------------------------------------------- an entry


@pytest.mark.parametrize("key", ["kind", "path", "source", "version", "date", "licence", "sha256"])
@pytest.mark.parametrize("value", [None, "", "  ", 3, ["a"], "two\nlines"])
def test_check_snapshot__needs_every_key_as_a_text(tmp_path: Path, key: str, value: Any) -> None:
    manifest(tmp_path, entry(tmp_path, **{key: value}))
    found = problems(tmp_path)
    assert ("E_KNOWLEDGE", key) in found
    assert {column for _, column in found} == {key}
    assert read_snapshot(tmp_path, findings=Findings(), today=TODAY).files == ()


@pytest.mark.parametrize("kind", ["hotspot", "panels"])
def test_check_snapshot__refuses_a_kind_that_nothing_would_read(tmp_path: Path, kind: str) -> None:
    assert problems(manifest(tmp_path, entry(tmp_path, kind=kind))) == [("E_KNOWLEDGE", "kind")]


def test_check_snapshot__an_unknown_kind_is_told_with_the_nearest(tmp_path: Path) -> None:
    manifest(tmp_path, entry(tmp_path, kind="civics"), entry(tmp_path, "b.tsv", kind="drugs"))
    found = [(item.column, item.value, item.fix) for item in check_snapshot(tmp_path, today=TODAY)]
    assert found[0] == ("kind", "civics", "Write civic.")
    assert found[1][2].startswith("Choose from oncotree, genes, ")


def test_check_snapshot__a_file_that_is_not_there(tmp_path: Path) -> None:
    item = entry(tmp_path)
    (tmp_path / "biomarkers.tsv").unlink()
    assert problems(manifest(tmp_path, item)) == [("E_FILE_MISSING", "path")]
    (tmp_path / "biomarkers.tsv").mkdir()
    assert problems(tmp_path) == [("E_FILE_MISSING", "path")]


def test_check_snapshot__a_file_that_changed(tmp_path: Path) -> None:
    manifest(tmp_path, entry(tmp_path))
    found = put(tmp_path, "biomarkers.tsv", "gene\nALK\n")
    (item,) = check_snapshot(tmp_path, today=TODAY)
    assert (item.code, item.column) == ("E_KNOWLEDGE", "sha256")
    assert found in item.message
    assert read_snapshot(tmp_path, findings=Findings(), today=TODAY).files == ()


@pytest.mark.parametrize("value", ["abc", "g" * 64, "a" * 65])
def test_check_snapshot__a_checksum_that_is_none(tmp_path: Path, value: str) -> None:
    assert problems(manifest(tmp_path, entry(tmp_path, sha256=value))) == [("E_KNOWLEDGE", "sha256")]


@pytest.mark.parametrize(
    "path",
    [
        "../outside.tsv", "a/../../outside.tsv", "a/../biomarkers.tsv", "..", "C:\\outside.tsv", "C:outside.tsv",
        "a\\b.tsv", "nul\x00.tsv", "x" * 5000,
    ],
)  # fmt: skip
def test_check_snapshot__a_path_may_not_leave_the_folder(tmp_path: Path, path: str) -> None:
    folder = tmp_path / "snapshot"
    put(tmp_path, "outside.tsv")
    put(folder, "a/b.tsv")
    found = problems(manifest(folder, entry(folder, path=path)))
    assert set(found) == {("E_KNOWLEDGE", "path")}


def test_check_snapshot__an_absolute_path_leaves_the_folder(tmp_path: Path) -> None:
    inside = str(tmp_path / "biomarkers.tsv")
    assert problems(manifest(tmp_path, entry(tmp_path, path=inside))) == [("E_KNOWLEDGE", "path")]


def test_check_snapshot__a_link_may_not_leave_the_folder_either(tmp_path: Path) -> None:
    folder = tmp_path / "snapshot"
    sha256 = put(tmp_path, "outside.tsv")
    item = entry(folder, sha256=sha256)
    (folder / "link.tsv").symlink_to(tmp_path / "outside.tsv")
    (folder / "away").symlink_to(tmp_path)
    (folder / "round.tsv").symlink_to(folder / "round.tsv")
    for path in ("link.tsv", "away/outside.tsv", "round.tsv"):
        assert problems(manifest(folder, {**item, "path": path})) == [("E_KNOWLEDGE", "path")]
    (folder / "link.tsv").unlink()
    (folder / "link.tsv").symlink_to(folder / "biomarkers.tsv")
    assert problems(manifest(folder, {**item, "path": "link.tsv"})) == []


@pytest.mark.parametrize(
    ("day", "code"),
    [
        ("2026-11-25", ""),
        ("2026-11-26", ""),  # today, east of here
        ("2026-11-27", "E_KNOWLEDGE"),
        ("2025-05-25", ""),  # 18 months
        ("2025-05-24", "W_KNOWLEDGE_STALE"),
        ("2025-13-01", "E_KNOWLEDGE"),
        ("2025-02-29", "E_KNOWLEDGE"),
        ("24.05.2026", "E_KNOWLEDGE"),
        ("20260524", "E_KNOWLEDGE"),
        ("2026-05", "E_KNOWLEDGE"),
    ],
)
def test_check_snapshot__a_date_that_is_old_or_none(tmp_path: Path, day: str, code: str) -> None:
    assert problems(manifest(tmp_path, entry(tmp_path, date=day))) == ([(code, "date")] if code else [])


def test_read_snapshot__a_stale_file_is_used(tmp_path: Path) -> None:
    findings = Findings()
    snapshot = read_snapshot(manifest(tmp_path, entry(tmp_path, date="2019-01-01")), findings=findings)
    assert len(snapshot.files) == 1
    assert findings.codes() == {"W_KNOWLEDGE_STALE"}
    findings.raise_errors()


def test_check_snapshot__one_tree_one_rule_table_and_every_file_once(tmp_path: Path) -> None:
    trees = [entry(tmp_path, name, json.dumps(TREE), kind="oncotree") for name in ("a.json", "b.json")]
    other = entry(tmp_path)
    manifest(tmp_path, *trees, other, {**other, "path": "./biomarkers.tsv"}, entry(tmp_path, "more.tsv", "gene\nALK\n"))
    findings = Findings()
    snapshot = read_snapshot(tmp_path, findings=findings, today=TODAY)
    assert [(item.code, item.column) for item in findings] == [("E_KNOWLEDGE", "kind"), ("E_KNOWLEDGE", "path")]
    assert [file.path.name for file in snapshot.files] == ["a.json", "biomarkers.tsv", "more.tsv"]


def test_read_snapshot__leaves_a_bad_file_out_however_often_it_is_read(tmp_path: Path) -> None:
    manifest(tmp_path, entry(tmp_path, sha256="0" * 64), entry(tmp_path, "good.tsv"))
    findings = Findings()
    for _ in range(2):
        snapshot = read_snapshot(tmp_path, findings=findings, today=TODAY)
        assert [file.path.name for file in snapshot.files] == ["good.tsv"]
    assert len(findings) == 1
    with pytest.raises(SchemaError, match="has the checksum"):
        findings.raise_errors()


# ---------------------------------------------------------------- what files hold


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("civic.tsv", "", "an empty one"),
        ("civic.tsv", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "a Git-LFS pointer"),
        ("civic.json", '{"a": ', "JSON that is damaged"),
        ("civic.json", "[" * 100_000, "JSON that is damaged"),
    ],
)
def test_check_snapshot__a_file_that_cannot_be_read(tmp_path: Path, name: str, text: str, message: str) -> None:
    manifest(tmp_path, entry(tmp_path, name, text, kind="civic"))
    (item,) = check_snapshot(tmp_path, today=TODAY)
    assert item.code == "E_KNOWLEDGE"
    assert message in item.message
    assert item.file.endswith(name)


def test_check_snapshot__a_tree_that_is_none(tmp_path: Path) -> None:
    assert problems(manifest(tmp_path, entry(tmp_path, "o.json", "{}", kind="oncotree"))) == [("E_FILE_FORMAT", "")]


def test_check_snapshot__tells_everything_in_one_pass(tmp_path: Path) -> None:
    manifest(
        tmp_path,
        entry(tmp_path, "a.tsv", kind="drugs", date="yesterday", licence=None),
        entry(tmp_path, "b.tsv", sha256="0" * 64, date="2020-01-01"),
        entry(tmp_path, "c.tsv", path="missing.tsv", sha256="x"),
        entry(tmp_path, "d.json", "{", kind="moalmanac"),
        "e.tsv",
        netgen_knowledge=3,
    )
    assert problems(tmp_path) == [
        ("E_KNOWLEDGE", "netgen_knowledge"),
        ("E_KNOWLEDGE", "licence"), ("E_KNOWLEDGE", "kind"), ("E_KNOWLEDGE", "date"),
        ("W_KNOWLEDGE_STALE", "date"), ("E_KNOWLEDGE", "sha256"),
        ("E_KNOWLEDGE", "sha256"), ("E_FILE_MISSING", "path"),
        ("E_KNOWLEDGE", "files"),
        ("E_KNOWLEDGE", ""),
    ]  # fmt: skip


@pytest.mark.shared
def test_check_snapshot__a_snapshot_of_real_files_is_sound(shared: Path, tmp_path: Path) -> None:
    sources = {
        "oncotree": "kb_oncotree/oncotree_2025_10_03.json", "moalmanac": "kb_moalmanac/molecular-oncology-almanac.json",
    }  # fmt: skip
    entries = []
    for kind, name in sources.items():
        path = tmp_path / f"{kind}.json"
        shutil.copyfile(shared / "data" / name, path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        facts = {"source": kind, "version": "1", "date": "2026-01-01", "licence": "as stated"}
        entries.append({"kind": kind, "path": path.name, **facts, "sha256": digest})
    assert problems(manifest(tmp_path, *entries)) == []
    tree = load_oncotree(read_snapshot(tmp_path, findings=Findings(), today=TODAY))
    assert len(tree.nodes) == 897
    assert tree.complete
