//! State dicts as `torch.save` writes them.
//!
//! The files are those of `benches/peers/fno_weights.py`, of the same networks as the safetensors files
//! beside them.

use burn::tensor::Device;
use curlwind_operators::{neuraloperator, pytorch, weights};
use proptest::prelude::*;
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

/// What reading these bytes is refused with; the file is named as if it were something else.
fn refuse(folder: &TempDir, bytes: &[u8]) -> String {
    let file = folder.path().join("net.safetensors");
    std::fs::write(&file, bytes).expect("written");
    let message = pytorch::read(&file).expect_err("refused").to_string();
    assert!(message.contains("net.safetensors"), "{message}");
    message
}

fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, bytes) in entries {
        archive.start_file(*name, stored).expect("entry");
        archive.write_all(bytes).expect("bytes");
    }
    archive.finish().expect("archive").into_inner()
}

#[test]
fn networks_are_those_of_the_safetensors_files() {
    let device = Device::flex();
    let folder = tempfile::tempdir().expect("folder");
    for name in ["fno_2d", "tfno_2d"] {
        let (mut tensors, _) = weights::read(&file(&format!("{name}.safetensors"))).expect("file");
        tensors.remove("input");
        tensors.remove("output");
        // By content, not by name.
        let copy = folder.path().join("copy.safetensors");
        std::fs::copy(file(&format!("{name}.pt")), &copy).expect("copied");
        assert_eq!(pytorch::read(&copy).expect("state dict"), tensors, "{name}");
        let (config, network) = neuraloperator::read_fno(&copy, true, &device).expect("network");
        let (expected, same) = neuraloperator::fno(tensors, true, &copy, &device).expect("network");
        assert_eq!(config, expected);
        assert_eq!(weights::collect(&network), weights::collect(&same));
    }
}

#[test]
fn other_objects_are_refused_by_name() {
    let folder = tempfile::tempdir().expect("folder");
    let shell = b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R.";
    let message = refuse(&folder, &archive(&[("net/data.pkl", shell)]));
    assert!(message.contains("`os.system` is refused"), "{message}");

    // Not where a tensor should be either; it is never looked for.
    let name = b"\x80\x02}X\x01\x00\x00\x00wcos\nsystem\ns.";
    let message = refuse(&folder, &archive(&[("net/data.pkl", name)]));
    assert!(
        message.contains("`w`: expected a tensor, found `os.system`"),
        "{message}"
    );

    let number = b"\x80\x02}X\x05\x00\x00\x00epochK\x03s.";
    let message = refuse(&folder, &archive(&[("net/data.pkl", number)]));
    assert!(
        message.contains("`epoch`: expected a tensor, found an integer"),
        "{message}"
    );

    let message = refuse(&folder, &archive(&[("net/data.pkl", b"\x80\x02].")]));
    assert!(message.contains("found a list"), "{message}");
}

#[test]
fn files_that_are_none_are_said_to_be() {
    let folder = tempfile::tempdir().expect("folder");
    let whole = std::fs::read(file("fno_2d.pt")).expect("file");
    for (bytes, expected) in [
        (&whole[..whole.len() / 2], "not a whole zip archive"),
        (&whole[..3], "not a whole zip archive"),
        (b"no archive", "not a whole zip archive"),
        (b"", "not a whole zip archive"),
        (
            b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e\x80\x02M\xe9\x03.",
            "since version 1.6",
        ),
        (&archive(&[("net/readme", b"")]), "no `data.pkl`"),
        (
            &archive(&[("net/byteorder", b"big"), ("net/data.pkl", b"\x80\x02}.")]),
            "little-endian",
        ),
    ] {
        let message = refuse(&folder, bytes);
        assert!(message.contains(expected), "{message}");
    }
    let missing = pytorch::read(&folder.path().join("absent.pt")).expect_err("missing");
    assert!(missing.to_string().contains("absent.pt"), "{missing}");
}

/// A tensor of four numbers in `data/0`, which has these bytes.
fn one_tensor(bytes: &[u8]) -> Vec<u8> {
    let pickle = b"\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n\
        ((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x04tQ\
        K\x00K\x02K\x02\x86K\x01K\x02\x86\x89ccollections\nOrderedDict\n)RtRs.";
    archive(&[("net/data.pkl", pickle), ("net/data/0", bytes)])
}

#[test]
fn storages_are_of_the_length_they_claim() {
    let folder = tempfile::tempdir().expect("folder");
    let bytes: Vec<u8> = [1.0f32, 2.0, 3.0, 4.0]
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    let good = folder.path().join("good.pt");
    std::fs::write(&good, one_tensor(&bytes)).expect("written");
    let tensors = pytorch::read(&good).expect("tensors");
    assert_eq!(tensors["w"], (vec![2, 2], vec![1.0, 3.0, 2.0, 4.0]));
    for bytes in [&bytes[..15], &[], &[bytes.clone(), vec![0]].concat()] {
        let message = refuse(&folder, &one_tensor(bytes));
        assert!(
            message.contains("tensor `w`: expected 4 elements of 4 bytes"),
            "{message}"
        );
    }
    let message = refuse(&folder, &archive(&[("net/data.pkl", &pickle_of(&good))]));
    assert!(message.contains("`net/data/0`"), "{message}");
}

/// The pickle of a state dict.
fn pickle_of(file: &Path) -> Vec<u8> {
    let archive = std::fs::File::open(file).expect("file");
    let mut archive = zip::ZipArchive::new(archive).expect("archive");
    let mut bytes = Vec::new();
    let mut entry = archive.by_name("net/data.pkl").expect("entry");
    std::io::copy(&mut entry, &mut bytes).expect("bytes");
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever is wrong with a file, reading it gives an error or tensors.
    #[test]
    fn damage_never_panics(
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in proptest::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let mut bytes = std::fs::read(file("tfno_2d.pt")).expect("file");
        for (at, value) in flips {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let folder = tempfile::tempdir().expect("folder");
        let damaged = folder.path().join("net.pt");
        std::fs::write(&damaged, bytes).expect("written");
        let _ = neuraloperator::read_fno(&damaged, true, &Device::flex());
    }

    /// The same of the pickle alone, in an archive whose checksums are right.
    #[test]
    fn damaged_pickles_never_panic(
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let bytes = [0; 16];
        let folder = tempfile::tempdir().expect("folder");
        let damaged = folder.path().join("net.pt");
        std::fs::write(&damaged, one_tensor(&bytes)).expect("written");
        let mut pickle = pickle_of(&damaged);
        for (at, value) in flips {
            let at = at.index(pickle.len());
            pickle[at] = value;
        }
        let archive = archive(&[("net/data.pkl", &pickle), ("net/data/0", &bytes)]);
        std::fs::write(&damaged, archive).expect("written");
        let _ = pytorch::read(&damaged);
    }
}
