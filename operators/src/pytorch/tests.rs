use super::numbers::ElementType;
use super::objects::{Storage, Value, View};
use super::pickle;
use proptest::prelude::*;
use std::rc::Rc;

fn refuse(bytes: &[u8]) -> String {
    pickle::load(bytes).expect_err("refused")
}

#[test]
fn no_other_function_is_called() {
    let shell = b"\x80\x02cos\nsystem\nq\x00X\x02\x00\x00\x00lsq\x01\x85q\x02Rq\x03.";
    let message = refuse(shell);
    assert!(
        message.contains("a call of `os.system` is refused") && message.contains("byte 27"),
        "{message}"
    );
    for (module, name) in [
        ("builtins", "eval"),
        ("torch._utils", "_rebuild_tensor"),
        ("torch", "load"),
        ("neuralop.models.fno", "FNO"),
    ] {
        // Of a function, and of a class.
        for call in [b'R', 0x81] {
            let mut program = format!("c{module}\n{name}\n)").into_bytes();
            program.extend([call, b'.']);
            let message = refuse(&program);
            assert!(message.contains(&format!("`{module}.{name}`")), "{message}");
        }
    }
    let message = refuse(b"cos\nsystem\n}b.");
    assert!(message.contains("gives `os.system` the state"), "{message}");
}

#[test]
fn damaged_programs_are_refused() {
    for (bytes, expected) in [
        (&b""[..], "ends too early"),
        (b"\x80\x04.", "pickle protocol 4"),
        (b"cos", "ends too early"),
        (b"R", "an empty stack"),
        (b"t", "no mark"),
        (b"(0", "opcode 0x30"),
        (b"N(\x85.", "an empty stack"),
        (b"h\x07.", "nothing remembered as 7"),
        (b"K\x01K\x02a.", "appends to an integer"),
        (b"NNNs.", "sets items of None"),
        (b"}(Nu.", "a key without a value"),
        (b"]}b.", "gives a list the state a dictionary"),
        (b"K\x01)R.", "a call of an integer"),
        (b"NQ.", "a persistent id that is no storage's"),
        (b"\x8a\x09123456789.", "an integer of 9 bytes"),
        (b"X\x01\x00\x00\x00\xff.", "not UTF-8"),
        (
            b"ccollections\nOrderedDict\nK\x01\x85R.",
            "a call of OrderedDict",
        ),
        (
            b"ctorch._utils\n_rebuild_tensor_v2\n(NNNNNNtR.",
            "a tensor's storage",
        ),
        (
            b"ctorch._utils\n_rebuild_tensor_v2\n(NNNNNN}NNstR.",
            "conjugate or negated",
        ),
    ] {
        let message = refuse(bytes);
        assert!(message.contains(expected), "{message}");
    }
}

/// `("storage", class, "0", "cpu", count)`, the class and the count by their opcodes.
fn storage_id(class: &str, count: &str) -> Vec<u8> {
    let text = |text: &str| {
        let mut bytes = vec![b'X', text.len() as u8, 0, 0, 0];
        bytes.extend(text.bytes());
        bytes
    };
    let parts = [
        b"(".to_vec(),
        text("storage"),
        class.into(),
        text("0"),
        text("cpu"),
        count.into(),
        b"tQ.".to_vec(),
    ];
    parts.concat()
}

#[test]
fn an_unknown_storage_is_named() {
    let known = pickle::load(&storage_id("ctorch\nFloatStorage\n", "K\x03"));
    assert!(matches!(known.expect("a storage").root, Value::Storage(_)));
    for (class, count, expected) in [
        (
            "ctorch\nQInt8Storage\n",
            "K\x03",
            "storage 0 of the class `torch.QInt8Storage`",
        ),
        (
            "ctorch.storage\nUntypedStorage\n",
            "K\x03",
            "`torch.storage.UntypedStorage`",
        ),
        ("K\x07", "K\x03", "of the class an integer"),
        (
            "ctorch\nFloatStorage\n",
            "N",
            "without a number of elements",
        ),
    ] {
        let message = refuse(&storage_id(class, count));
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn integers_of_all_widths() {
    for (bytes, expected) in [
        (&b"K\xff."[..], 255),
        (b"M\x00\x01.", 256),
        (b"J\xff\xff\xff\xff.", -1),
        (b"\x8a\x00.", 0),
        (b"\x8a\x02\x00\x80.", -32768),
        (b"\x8a\x08\x00\x00\x00\x00\x00\x01\x00\x00.", 1 << 40),
    ] {
        let value = pickle::load(bytes).expect("a number").root;
        assert!(
            matches!(value, Value::Int(n) if n == expected),
            "{value:?} is not {expected}"
        );
    }
}

/// Neither building nor dropping a deep nest uses the stack.
#[test]
fn nests_may_be_deep() {
    let mut bytes = b")".to_vec();
    bytes.resize(1_000_001, 0x85);
    bytes.push(b'.');
    pickle::load(&bytes).expect("a tuple");
}

fn view(count: usize, offset: usize, sizes: &[usize], strides: &[usize]) -> View {
    let storage = Storage {
        key: "0".into(),
        element: ElementType::U8,
        count,
    };
    View {
        storage: Rc::new(storage),
        offset,
        sizes: sizes.to_vec(),
        strides: strides.to_vec(),
    }
}

#[test]
fn views_of_storages() {
    let bytes = [0, 1, 2, 3, 4, 5];
    let gather =
        |offset, sizes: &[usize], strides: &[usize]| view(6, offset, sizes, strides).gather(&bytes);
    assert_eq!(
        gather(0, &[6], &[1]).expect("all"),
        [0., 1., 2., 3., 4., 5.]
    );
    let transposed = gather(0, &[3, 2], &[1, 3]).expect("transposed");
    assert_eq!(transposed, [0., 3., 1., 4., 2., 5.]);
    assert_eq!(gather(3, &[1, 2], &[7, 2]).expect("part"), [3., 5.]);
    assert_eq!(gather(5, &[], &[]).expect("a number"), [5.]);
    assert!(gather(9, &[0, 4], &[4, 1]).expect("nothing").is_empty());
    for (offset, sizes, strides) in [
        (0, &[7][..], &[1][..]),
        (1, &[6], &[1]),
        (0, &[2, 2], &[1]),
        (0, &[usize::MAX, 2], &[1, 1]),
        (0, &[2, 2], &[usize::MAX, 1]),
        (usize::MAX, &[1], &[1]),
        // Numbers repeated without end from one.
        (0, &[1 << 40], &[0]),
    ] {
        gather(offset, sizes, strides).expect_err("refused");
    }
    let message = view(7, 0, &[7], &[1]).gather(&bytes).expect_err("short");
    assert_eq!(message, "expected 7 elements of 1 bytes, found 6 bytes");
}

#[test]
fn numbers_of_all_types() {
    use ElementType::*;
    let both = [1.5f64.to_le_bytes(), (-2.0f64).to_le_bytes()].concat();
    for (element, bytes, expected) in [
        (F16, &[0x00, 0x3e][..], &[1.5][..]),
        (BF16, &[0xc0, 0x3f], &[1.5]),
        (F32, &1.5f32.to_le_bytes(), &[1.5]),
        (F64, &both[..8], &[1.5]),
        (U8, &[200], &[200.0]),
        (I8, &[200], &[-56.0]),
        (I16, &(-300i16).to_le_bytes(), &[-300.0]),
        (I32, &(-70_000i32).to_le_bytes(), &[-70_000.0]),
        (I64, &(1i64 << 40).to_le_bytes(), &[(1u64 << 40) as f32]),
        (Bool, &[1], &[1.0]),
        (
            C64,
            &[1.5f32.to_le_bytes(), (-2.0f32).to_le_bytes()].concat(),
            &[1.5, -2.0],
        ),
        (C128, &both, &[1.5, -2.0]),
    ] {
        assert_eq!(bytes.len(), element.size());
        let mut values = Vec::new();
        element.decode(bytes, &mut values);
        assert_eq!(values, expected, "{element:?}");
    }
    assert_eq!(ElementType::of_storage("QInt8Storage"), None);
}

proptest! {
    #[test]
    fn random_programs_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = pickle::load(&bytes);
    }
}
