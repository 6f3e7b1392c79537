//! The part of Python's pickle format, protocol 2, that state dicts are written in.
//!
//! A pickle is a program for a stack machine (opcodes as in Python's `pickletools`). Here it can make
//! plain values and tensors and nothing else: where it calls any other function it is refused by name.

use super::objects::{Collections, Value};
use std::collections::HashMap;
use std::rc::Rc;

/// What a pickle holds.
#[derive(Debug)]
pub(super) struct Pickle {
    pub root: Value,
    pub collections: Collections,
}

/// Runs a pickle.
///
/// # Errors
/// When it calls any other function, has another opcode, or is damaged, in words.
pub(super) fn load(bytes: &[u8]) -> Result<Pickle, String> {
    let mut machine = Machine {
        bytes,
        at: 0,
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
        collections: Collections::default(),
    };
    loop {
        let start = machine.at;
        let step = machine.step();
        match step.map_err(|reason| format!("{reason} (byte {start} of data.pkl)"))? {
            None => {}
            Some(root) => {
                return Ok(Pickle {
                    root,
                    collections: machine.collections,
                });
            }
        }
    }
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    stack: Vec<Value>,
    /// Heights of the stack at the marks.
    marks: Vec<usize>,
    memo: HashMap<u32, Value>,
    collections: Collections,
}

impl<'a> Machine<'a> {
    /// One opcode; the root at the last.
    fn step(&mut self) -> Result<Option<Value>, String> {
        let [opcode] = self.array()?;
        let value = match opcode {
            b'.' => return self.pop().map(Some),
            0x80 => {
                let [protocol] = self.array()?;
                return match protocol {
                    0..=2 => Ok(None),
                    _ => Err(format!("pickle protocol {protocol}: expected 2")),
                };
            }
            b'(' => {
                self.marks.push(self.stack.len());
                return Ok(None);
            }
            b'N' => Value::None,
            0x88 | 0x89 => Value::Bool,
            b'K' => self.array().map(|[n]| Value::Int(n.into()))?,
            b'M' => Value::Int(u16::from_le_bytes(self.array()?).into()),
            b'J' => Value::Int(i32::from_le_bytes(self.array()?).into()),
            0x8a => self.long()?,
            b'G' => self.array::<8>().map(|_| Value::Float)?,
            b'X' => self.text()?,
            b')' => self.tuple(0)?,
            0x85 => self.tuple(1)?,
            0x86 => self.tuple(2)?,
            0x87 => self.tuple(3)?,
            b't' => {
                let items = self.since_mark()?;
                Value::Tuple(self.collections.add(items))
            }
            b']' => Value::List(self.collections.add(Vec::new())),
            b'}' => Value::Dict(self.collections.add(Vec::new())),
            b'a' => {
                let item = self.pop()?;
                return self.append(vec![item]);
            }
            b'e' => {
                let items = self.since_mark()?;
                return self.append(items);
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                return self.insert(vec![key, value]);
            }
            b'u' => {
                let items = self.since_mark()?;
                return self.insert(items);
            }
            b'q' => {
                let [slot] = self.array()?;
                return self.remember(slot.into());
            }
            b'r' => {
                let slot = u32::from_le_bytes(self.array()?);
                return self.remember(slot);
            }
            b'h' => {
                let [slot] = self.array()?;
                self.recall(slot.into())?
            }
            b'j' => {
                let slot = u32::from_le_bytes(self.array()?);
                self.recall(slot)?
            }
            b'c' => self.global()?,
            b'Q' => {
                let id = self.pop()?;
                Value::Storage(Rc::new(self.collections.storage(&id)?))
            }
            // Calls, of functions and of classes; none of the latter is known.
            b'R' | 0x81 => self.call()?,
            b'b' => return self.build(),
            _ => return Err(format!("opcode {opcode:#04x}: none of a state dict's")),
        };
        self.stack.push(value);
        Ok(None)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], String> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let taken = rest.get(..count).ok_or("ends too early")?;
        self.at += count;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let bytes = self.take(N)?;
        Ok(std::array::from_fn(|n| bytes[n]))
    }

    fn pop(&mut self) -> Result<Value, String> {
        let floor = self.marks.last().copied().unwrap_or(0);
        match self.stack.len() > floor {
            true => self.stack.pop(),
            false => None,
        }
        .ok_or_else(|| "an empty stack".into())
    }

    fn top(&self) -> Result<&Value, String> {
        self.stack.last().ok_or_else(|| "an empty stack".into())
    }

    fn since_mark(&mut self) -> Result<Vec<Value>, String> {
        let mark = self.marks.pop().ok_or("no mark on the stack")?;
        Ok(self.stack.split_off(mark.min(self.stack.len())))
    }

    /// An integer of up to 255 bytes, of which eight are enough for any size.
    fn long(&mut self) -> Result<Value, String> {
        let [count] = self.array()?;
        let bytes = self.take(count.into())?;
        if bytes.len() > 8 {
            return Err(format!("an integer of {count} bytes: expected at most 8"));
        }
        let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
        let mut value = [if negative { 0xff } else { 0 }; 8];
        value[..bytes.len()].copy_from_slice(bytes);
        Ok(Value::Int(i64::from_le_bytes(value)))
    }

    fn text(&mut self) -> Result<Value, String> {
        let count = u32::from_le_bytes(self.array()?);
        let bytes = self.take(usize::try_from(count).unwrap_or(usize::MAX))?;
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Value::Text(text.into())),
            Err(error) => Err(format!("a string that is not UTF-8: {error}")),
        }
    }

    fn tuple(&mut self, count: usize) -> Result<Value, String> {
        let mut items = (0..count)
            .map(|_| self.pop())
            .collect::<Result<Vec<_>, _>>()?;
        items.reverse();
        Ok(Value::Tuple(self.collections.add(items)))
    }

    fn append(&mut self, items: Vec<Value>) -> Result<Option<Value>, String> {
        match *self.top()? {
            Value::List(number) => self.collections.extend(number, items),
            ref other => return Err(format!("appends to {}", other.kind())),
        }
        Ok(None)
    }

    /// Keys and values in turn.
    fn insert(&mut self, items: Vec<Value>) -> Result<Option<Value>, String> {
        match *self.top()? {
            Value::Dict(number) if items.len().is_multiple_of(2) => {
                self.collections.extend(number, items);
            }
            Value::Dict(_) => return Err("a key without a value".into()),
            ref other => return Err(format!("sets items of {}", other.kind())),
        }
        Ok(None)
    }

    fn remember(&mut self, slot: u32) -> Result<Option<Value>, String> {
        let value = self.top()?.clone();
        self.memo.insert(slot, value);
        Ok(None)
    }

    fn recall(&self, slot: u32) -> Result<Value, String> {
        let value = self.memo.get(&slot).cloned();
        value.ok_or_else(|| format!("nothing remembered as {slot}"))
    }

    fn line(&mut self) -> Result<&'a str, String> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let end = rest.iter().position(|byte| *byte == b'\n');
        let line = self.take(end.ok_or("ends too early")?)?;
        self.at += 1;
        std::str::from_utf8(line).map_err(|error| format!("a name that is not UTF-8: {error}"))
    }

    fn global(&mut self) -> Result<Value, String> {
        let (module, name) = (self.line()?, self.line()?);
        Ok(Value::global(module, name))
    }

    fn call(&mut self) -> Result<Value, String> {
        let (arguments, callable) = (self.pop()?, self.pop()?);
        match (&callable, &arguments) {
            (Value::Callable(callable), Value::Tuple(arguments)) => {
                self.collections.call(*callable, *arguments)
            }
            _ => Err(format!(
                "a call of {} is refused: expected tensors and plain values alone, as \
                 torch.save(model.state_dict(), file) writes them",
                callable.kind()
            )),
        }
    }

    /// Attributes of an ordered dictionary are PyTorch's `_metadata`, versions of modules, and pass;
    /// nothing else here has any.
    fn build(&mut self) -> Result<Option<Value>, String> {
        let state = self.pop()?;
        match (self.top()?, &state) {
            (Value::Dict(_), Value::Dict(_)) => Ok(None),
            (object, state) => Err(format!(
                "gives {} the state {}",
                object.kind(),
                state.kind()
            )),
        }
    }
}
