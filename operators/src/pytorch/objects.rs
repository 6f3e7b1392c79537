//! What a state dict consists of: tensors over storages, and plain values.

use super::numbers::ElementType;
use std::rc::Rc;

/// A value of the pickle. Collections are held by number, so that values are small, may be shared and
/// nest as deep as they like.
#[derive(Clone, Debug)]
pub(super) enum Value {
    None,
    Bool,
    Int(i64),
    Float,
    Text(Rc<str>),
    Tuple(usize),
    List(usize),
    Dict(usize),
    Callable(Callable),
    StorageClass(ElementType),
    Storage(Rc<Storage>),
    Tensor(Rc<View>),
    /// The name of any other function or class: what it names is never looked for, let alone called.
    Foreign(Rc<str>),
}

/// What a pickle may call: these alone, and each is understood here, none executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Callable {
    OrderedDict,
    RebuildTensor,
    RebuildParameter,
}

/// The contents of a tuple, a list or a dictionary (keys and values in turn).
pub(super) type Collection = Vec<Value>;

/// A storage of the archive: the entry `data/KEY`.
#[derive(Debug)]
pub(super) struct Storage {
    pub key: Rc<str>,
    pub element: ElementType,
    /// Number of elements.
    pub count: usize,
}

/// A strided view of a storage, all in elements.
#[derive(Debug)]
pub(super) struct View {
    pub storage: Rc<Storage>,
    pub offset: usize,
    pub sizes: Vec<usize>,
    pub strides: Vec<usize>,
}

impl Value {
    /// The object of a module by its name.
    pub fn global(module: &str, name: &str) -> Self {
        let foreign = || Self::Foreign(format!("{module}.{name}").into());
        match (module, name) {
            ("collections", "OrderedDict") => Self::Callable(Callable::OrderedDict),
            ("torch._utils", "_rebuild_tensor_v2") => Self::Callable(Callable::RebuildTensor),
            ("torch._utils", "_rebuild_parameter") => Self::Callable(Callable::RebuildParameter),
            ("torch", class) => {
                ElementType::of_storage(class).map_or_else(foreign, Self::StorageClass)
            }
            _ => foreign(),
        }
    }

    /// In words, for errors.
    pub fn kind(&self) -> String {
        let kind = match self {
            Self::Foreign(name) => return format!("`{name}`"),
            Self::None => "None",
            Self::Bool => "a boolean",
            Self::Int(_) => "an integer",
            Self::Float => "a number",
            Self::Text(_) => "a string",
            Self::Tuple(_) => "a tuple",
            Self::List(_) => "a list",
            Self::Dict(_) => "a dictionary",
            Self::Callable(_) => "a function",
            Self::StorageClass(_) => "a class",
            Self::Storage(_) => "a storage",
            Self::Tensor(_) => "a tensor",
        };
        kind.to_owned()
    }

    fn count(&self) -> Option<usize> {
        match self {
            Self::Int(value) => usize::try_from(*value).ok(),
            _ => None,
        }
    }
}

/// All collections of a pickle.
#[derive(Debug, Default)]
pub(super) struct Collections(Vec<Collection>);

impl Collections {
    pub fn add(&mut self, items: Collection) -> usize {
        self.0.push(items);
        self.0.len() - 1
    }

    pub fn items(&self, number: usize) -> &[Value] {
        self.0.get(number).map_or(&[], Vec::as_slice)
    }

    pub fn extend(&mut self, number: usize, items: impl IntoIterator<Item = Value>) {
        if let Some(collection) = self.0.get_mut(number) {
            collection.extend(items);
        }
    }

    /// What a call gives.
    pub fn call(&mut self, callable: Callable, arguments: usize) -> Result<Value, String> {
        match (callable, self.items(arguments)) {
            (Callable::OrderedDict, []) => Ok(Value::Dict(self.add(Vec::new()))),
            (Callable::RebuildTensor, [storage, offset, sizes, strides, _, _, more @ ..]) => {
                self.check_plain(more)?;
                self.view(storage, offset, sizes, strides)
                    .map(|view| Value::Tensor(Rc::new(view)))
                    .ok_or_else(|| {
                        let kinds = [storage, offset, sizes, strides].map(Value::kind);
                        format!(
                            "expected a tensor's storage, offset, sizes and strides, found {}",
                            kinds.join(", ")
                        )
                    })
            }
            (Callable::RebuildParameter, [tensor @ Value::Tensor(_), _, _]) => Ok(tensor.clone()),
            (callable, arguments) => Err(format!(
                "a call of {callable:?} with {} arguments of other kinds than expected",
                arguments.len()
            )),
        }
    }

    /// Whether nothing is said about how the numbers are to be read, such as a pending conjugation.
    fn check_plain(&self, metadata: &[Value]) -> Result<(), String> {
        match metadata {
            [] | [Value::None] => Ok(()),
            [Value::Dict(number)] if self.items(*number).is_empty() => Ok(()),
            _ => Err("expected a plain tensor, found one that is conjugate or negated".into()),
        }
    }

    fn view(
        &self,
        storage: &Value,
        offset: &Value,
        sizes: &Value,
        strides: &Value,
    ) -> Option<View> {
        let numbers = |value: &Value| match value {
            Value::Tuple(number) => self.items(*number).iter().map(Value::count).collect(),
            _ => None,
        };
        match storage {
            Value::Storage(storage) => Some(View {
                storage: storage.clone(),
                offset: offset.count()?,
                sizes: numbers(sizes)?,
                strides: numbers(strides)?,
            }),
            _ => None,
        }
    }

    /// The storage of a persistent id `("storage", class, key, device, count)`.
    pub fn storage(&self, id: &Value) -> Result<Storage, String> {
        let items = match id {
            Value::Tuple(number) => self.items(*number),
            _ => &[],
        };
        let (class, key, count) = match items {
            [
                Value::Text(word),
                class,
                Value::Text(key),
                Value::Text(_),
                count,
            ] if &**word == "storage" => (class, key, count.count()),
            _ => return Err("a persistent id that is no storage's".into()),
        };
        match (class, count) {
            (Value::StorageClass(element), Some(count)) => Ok(Storage {
                key: key.clone(),
                element: *element,
                count,
            }),
            (Value::StorageClass(_), None) => {
                Err(format!("storage {key} without a number of elements"))
            }
            (class, _) => Err(format!(
                "storage {key} of the class {}: expected a class of numbers, such as \
                 `torch.FloatStorage`",
                class.kind()
            )),
        }
    }
}

impl View {
    /// The numbers of the view in order, from the bytes of its storage.
    pub fn gather(&self, bytes: &[u8]) -> Result<Vec<f32>, String> {
        let Storage { element, count, .. } = *self.storage;
        if element.size().checked_mul(count) != Some(bytes.len()) {
            return Err(format!(
                "expected {count} elements of {} bytes, found {} bytes",
                element.size(),
                bytes.len()
            ));
        }
        let (sizes, strides) = (&self.sizes, &self.strides);
        let fits = |end: &usize| *end <= count;
        let wanted = sizes
            .iter()
            .try_fold(1usize, |n, size| n.checked_mul(*size));
        // One after the last element.
        let end = sizes.iter().zip(strides).try_fold(
            self.offset.saturating_add(1),
            |end, (size, stride)| {
                size.saturating_sub(1)
                    .checked_mul(*stride)?
                    .checked_add(end)
            },
        );
        let Some(wanted) = wanted.filter(fits).filter(|_| sizes.len() == strides.len()) else {
            return Err(format!(
                "expected at most {count} elements, which the storage has, and as many strides as \
                 sizes, found sizes {sizes:?} and strides {strides:?}"
            ));
        };
        if wanted == 0 {
            return Ok(Vec::new());
        }
        if !end.as_ref().is_some_and(fits) {
            return Err(format!(
                "sizes {sizes:?}, strides {strides:?} and offset {} reach beyond the {count} elements \
                 of the storage",
                self.offset
            ));
        }
        let mut values = Vec::with_capacity(wanted * if element.is_complex() { 2 } else { 1 });
        let mut index = vec![0; sizes.len()];
        let mut at = self.offset;
        for _ in 0..wanted {
            element.decode(&bytes[at * element.size()..], &mut values);
            for axis in (0..sizes.len()).rev() {
                index[axis] += 1;
                at += strides[axis];
                if index[axis] < sizes[axis] {
                    break;
                }
                at -= sizes[axis] * strides[axis];
                index[axis] = 0;
            }
        }
        Ok(values)
    }
}
