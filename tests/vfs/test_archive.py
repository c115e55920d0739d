"""Archives made by somebody who means harm: members stay inside, nothing breaks, and what is left out is told."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
import zlib

import pytest

from vlua.vfs import archive as archive_module
from vlua.vfs.archive import TarArchive, ZipArchive, open_archive
from vlua.vfs.overlay import OverlayFS
from vlua.vfs.pyfilesystem import errors

UNFIT = {
    "../escape": "'..' in its name",
    "a/../../escape": "'..' in its name",
    "a/..": "'..' in its name",
    "/etc/passwd": "an absolute name",
    "//server/share": "an absolute name",
    "C:/windows": "an absolute name",
    "c:relative": "an absolute name",
    "a\\..\\..\\b": "a backslash in its name",
    "x" * 300: "a name that is too long",
    "/".join(["d" * 200] * 30): "a name that is too long",
    "/".join("d" * 150): "too many directories above it",
}


def make_zip(path, members, **options):
    with zipfile.ZipFile(path, "w", **options) as made:
        for name, contents in members:
            info = name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name)
            made.writestr(info, contents, compress_type=options.get("compression"))
    return path


def make_tar(path, members, mode="w"):
    with tarfile.open(path, mode, format=tarfile.PAX_FORMAT) as made:
        for name, contents in members:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(contents)
            made.addfile(info, io.BytesIO(contents))
    return path


def contents_of(fs):
    return {path: fs.readbytes(path) for path in fs.walk.files()}


@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_names_that_would_escape(tmp_path, make):
    members = [("good", b"1"), *((name, b"evil") for name in UNFIT), ("dir/./good//too", b"2")]
    with open_archive(make(tmp_path / "archive", members)) as opened:
        assert contents_of(opened) == {"/good": b"1", "/dir/good/too": b"2"}
        assert {skipped.name: skipped.reason for skipped in opened.skipped} == UNFIT
        assert [skipped.name for skipped in opened.skipped] == list(UNFIT)


def test_a_name_with_a_nul_in_a_zip(tmp_path):
    data = make_zip(tmp_path / "a.zip", [("good.txtXevil", b"x")]).read_bytes()
    (tmp_path / "a.zip").write_bytes(data.replace(b"good.txtXevil", b"good.txt\0evil"))
    with open_archive(tmp_path / "a.zip") as opened:
        assert contents_of(opened) == {}
        assert [(skipped.name, skipped.reason) for skipped in opened.skipped] == [
            ("good.txt\0evil", "a NUL in its name")
        ]


@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_names_that_occur_twice(tmp_path, make, recwarn):
    members = [("a", b"first"), ("a", b"second"), ("b", b"file"), ("b/inner", b"x"), ("c/inner", b"y"), ("c", b"z")]
    with open_archive(make(tmp_path / "archive", members)) as opened:
        assert contents_of(opened) == {"/a": b"second", "/b": b"file", "/c/inner": b"y"}
        assert [(skipped.name, skipped.reason) for skipped in opened.skipped] == [
            ("a", "a later member has the same name"),
            ("b/inner", "a file stands where it needs a directory"),
            ("c", "a file and a directory have the same name"),
        ]


def test_links_and_devices_in_a_tar(tmp_path):
    members = [("file", b"x")]
    for kind, name in (
        (tarfile.SYMTYPE, "symbolic"),
        (tarfile.LNKTYPE, "hard"),
        (tarfile.CHRTYPE, "character"),
        (tarfile.BLKTYPE, "block"),
        (tarfile.FIFOTYPE, "pipe"),
    ):
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, "/etc/passwd"
        members.append((info, b""))
    link = tarfile.TarInfo("dir")
    link.type, link.linkname = tarfile.SYMTYPE, ".."
    members += [(link, b""), ("dir/under", b"stays inside")]
    with open_archive(make_tar(tmp_path / "a.tar", members)) as opened:
        assert contents_of(opened) == {"/file": b"x", "/dir/under": b"stays inside"}
        assert {skipped.name: skipped.reason for skipped in opened.skipped} == {
            "symbolic": "a link",
            "hard": "a link",
            "dir": "a link",
            "character": "neither a file nor a directory",
            "block": "neither a file nor a directory",
            "pipe": "neither a file nor a directory",
        }


def test_links_and_others_in_a_zip(tmp_path):
    link = zipfile.ZipInfo("link")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    pipe = zipfile.ZipInfo("pipe")
    pipe.create_system, pipe.external_attr = 3, 0o010644 << 16
    path = make_zip(tmp_path / "a.zip", [(link, b"/etc/passwd"), (pipe, b""), ("file", b"x")])
    with zipfile.ZipFile(path, "a") as made:
        made.writestr("packed", b"x" * 100, compress_type=zipfile.ZIP_BZIP2)
    with open_archive(path) as opened:
        assert contents_of(opened) == {"/file": b"x"}
        assert [skipped.reason for skipped in opened.skipped] == [
            "a link",
            "neither a file nor a directory",
            "compressed in another way than stored or deflated",
        ]


def test_an_encrypted_member(tmp_path):
    data = bytearray(make_zip(tmp_path / "a.zip", [("file", b"x")]).read_bytes())
    directory = data.index(b"PK\1\2")
    data[directory + 8] |= 1
    (tmp_path / "a.zip").write_bytes(data)
    with open_archive(tmp_path / "a.zip") as opened:
        assert [skipped.reason for skipped in opened.skipped] == ["encrypted"]


def lying_zip(path, contents, declared):
    """A zip whose only member unpacks to ``contents`` but is declared ``declared`` bytes long."""
    make_zip(path, [("bomb", contents)], compression=zipfile.ZIP_DEFLATED)
    data = bytearray(path.read_bytes())
    for at in (data.index(b"PK\3\4") + 22, data.index(b"PK\1\2") + 24):
        data[at : at + 4] = struct.pack("<I", declared)
    crc = struct.pack("<I", zlib.crc32(contents[:declared]))
    for at in (data.index(b"PK\3\4") + 14, data.index(b"PK\1\2") + 16):
        data[at : at + 4] = crc
    path.write_bytes(data)
    return path


def test_no_more_is_read_than_was_declared(tmp_path):
    path = lying_zip(tmp_path / "a.zip", b"0" * 10_000_000, 1000)
    with open_archive(path) as opened:
        assert opened.getsize("bomb") == 1000
        with opened.openbin("bomb") as file:
            assert file.read(-1) == b"0" * 1000
            assert file.read(10) == b""
            file.seek(500)
            assert len(file.read()) == 500
        overlay = OverlayFS(opened)
        overlay.appendbytes("bomb", b"!")
        assert overlay.getsize("bomb") == 1001


def test_a_bomb_is_read_in_pieces(tmp_path, monkeypatch):
    size = 30_000_000
    path = make_zip(tmp_path / "a.zip", [("bomb", bytes(size))], compression=zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 100_000
    import tracemalloc

    with open_archive(path) as opened:
        assert opened.getsize("bomb") == size
        tracemalloc.start()
        with opened.openbin("bomb", "r", buffering=0) as file:
            assert file.read(10) == bytes(10)
            file.seek(size - 5)
            assert file.read(10) == bytes(5)
            file.seek(0)
            assert file.read(10) == bytes(10)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 8_000_000


def test_going_back_unpacks_once(tmp_path, monkeypatch):
    """Each step back must not unpack a large member again."""
    contents = bytes(range(256)) * 8000
    path = make_zip(tmp_path / "a.zip", [("member", contents)], compression=zipfile.ZIP_DEFLATED)
    count = [0]
    read = zipfile.ZipExtFile.read

    def counted(self, n=-1):
        result = read(self, n)
        count[0] += len(result)
        return result

    monkeypatch.setattr(zipfile.ZipExtFile, "read", counted)
    with open_archive(path) as opened, opened.openbin("member", buffering=0) as file:
        for position in range(len(contents) - 10, 0, -100_000):
            file.seek(position)
            assert file.read(10) == contents[position : position + 10]
    assert count[0] <= 3 * len(contents)


def test_a_compressed_tar_that_unpacks_to_too_much(tmp_path, monkeypatch):
    monkeypatch.setattr(archive_module, "LARGEST_TAR", 1_000_000)
    for mode, name in (("w:gz", "a.tgz"), ("w:bz2", "a.tar.bz2"), ("w:xz", "a.tar.xz")):
        path = make_tar(tmp_path / name, [("bomb", bytes(2_000_000))], mode)
        with pytest.raises(ValueError, match="unpacks to more than"):
            open_archive(path)
        with open_archive(make_tar(path, [("small", bytes(500_000))], mode)) as opened:
            assert opened.getsize("small") == 500_000


def test_a_tar_cut_off(tmp_path):
    data = make_tar(tmp_path / "a.tar", [("one", b"x" * 5000), ("two", b"y" * 5000)]).read_bytes()
    (tmp_path / "a.tar").write_bytes(data[: 512 + 5120 + 512 + 1000])
    with pytest.raises(ValueError, match="unexpected end of data"):
        open_archive(tmp_path / "a.tar")


@pytest.mark.parametrize("size", [-1, -512, -1024, -(2**40)])
def test_a_tar_that_leads_backwards(tmp_path, size):
    """Python's own reader would go round in it for ever."""
    header = bytearray(tarfile.TarInfo("one").tobuf(tarfile.GNU_FORMAT))
    header[124:136] = tarfile.itn(size, 12, tarfile.GNU_FORMAT)
    header[148:156] = b"        "
    header[148:156] = b"%06o\0 " % sum(header)
    (tmp_path / "a.tar").write_bytes(bytes(header) + bytes(2048))
    with pytest.raises(ValueError, match="not a readable tar"):
        open_archive(tmp_path / "a.tar")


def test_a_file_with_holes_in_a_tar(tmp_path):
    sparse = tarfile.TarInfo("holes")
    sparse.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": str(2**60)}
    with open_archive(make_tar(tmp_path / "a.tar", [(sparse, b"0\n" + bytes(510)), ("file", b"x")])) as opened:
        assert contents_of(opened) == {"/file": b"x"}
        assert [skipped.reason for skipped in opened.skipped] == ["a file with holes"]


def test_a_damaged_member(tmp_path):
    path = make_zip(tmp_path / "a.zip", [("file", b"contents" * 1000)], compression=zipfile.ZIP_DEFLATED)
    data = bytearray(path.read_bytes())
    data[40:45] = b"\xff\xff\xff\xff\xff"
    path.write_bytes(data)
    with open_archive(path) as opened, opened.openbin("file", buffering=0) as file:
        with pytest.raises(OSError) as caught:
            file.read()
        assert caught.value.errno == 5
    data[data.index(b"PK\3\4")] = 0
    path.write_bytes(data)
    with ZipArchive(path) as opened, pytest.raises(errors.OperationFailed):
        opened.openbin("file")


def test_times(tmp_path):
    good, bad = zipfile.ZipInfo("good", (2020, 1, 2, 3, 4, 6)), zipfile.ZipInfo("bad", (1980, 0, 0, 0, 0, 0))
    with open_archive(make_zip(tmp_path / "a.zip", [(good, b""), (bad, b"")])) as opened:
        assert opened.getinfo("good", ["details"]).modified.isoformat() == "2020-01-02T03:04:06+00:00"
        assert opened.getinfo("bad", ["details"]).modified is None
    members = []
    for name, time in (("good", 5.5), ("negative", -1e6), ("late", 1e300)):
        info = tarfile.TarInfo(name)
        info.mtime = time
        members.append((info, b""))
    with open_archive(make_tar(tmp_path / "a.tar", members)) as opened:
        times = [opened.getinfo(name, ["details"]).get("details", "modified") for name in ("good", "negative", "late")]
        assert times == [5.5, None, None]


@pytest.mark.parametrize("contents", [b"", b"PK\3\4 and nothing more", b"\x1f\x8b broken", b"text", b"BZh9oops"])
@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz", "a"])
def test_what_is_no_archive(tmp_path, contents, name):
    path = tmp_path / name
    path.write_bytes(contents)
    with pytest.raises(ValueError, match="a") as caught:
        open_archive(path)
    assert str(path) in str(caught.value)


def test_an_empty_tar(tmp_path):
    with open_archive(make_tar(tmp_path / "a.tar", [])) as opened:
        assert opened.listdir("/") == []
        assert isinstance(opened, TarArchive)


def test_the_content_decides_not_the_name(tmp_path):
    assert isinstance(open_archive(make_zip(tmp_path / "a.tar", [("x", b"")])), ZipArchive)
    assert isinstance(open_archive(make_tar(tmp_path / "a.zip", [("x", b"")])), TarArchive)
    assert isinstance(open_archive(make_tar(tmp_path / "mod", [("x", b"")], "w:gz")), TarArchive)


@pytest.mark.parametrize("cut", range(0, 700, 23))
@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_damage_anywhere_is_an_error_of_ours(tmp_path, make, cut):
    path = make(tmp_path / "archive", [("a/b", b"contents" * 20), ("c", b"x" * 100)])
    data = bytearray(path.read_bytes())
    if cut < len(data):
        data[cut] ^= 0xFF
    path.write_bytes(data)
    told = None
    try:
        with open_archive(path) as opened:
            for file in opened.walk.files():
                opened.readbytes(file)
    except (ValueError, OSError, errors.FSError) as error:
        told = error
    assert not isinstance(told, UnicodeError)
