//! Reading a JSON object member by member. By hand: a derived reader of all this is 40 kB of code.

use serde_json::{Map, Value};

use crate::error::Misuse;
use crate::json::text_of;

/// The members of one object. What is absent leaves its target alone.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    what: &'static str,
    pub(crate) object: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    /// Takes an object; `what` names it in errors.
    pub fn of(what: &'static str, json: &'a Value) -> Result<Self, Misuse> {
        match json {
            Value::Object(object) => Ok(Self { what, object }),
            _ => Err(Misuse::argument(format!("{what} must be a plain object"))),
        }
    }

    /// Reads one of some words.
    pub fn word<T: Copy>(
        &self,
        name: &str,
        words: &[(&str, T)],
        target: &mut T,
    ) -> Result<(), Misuse> {
        let Some(value) = self.object.get(name) else { return Ok(()) };
        let word = value.as_str().unwrap_or_default();
        let known = words.iter().find(|(known, _)| *known == word);
        *target = known.ok_or_else(|| self.wrong(name, value))?.1;
        Ok(())
    }

    /// Reads a whole number.
    pub(crate) fn number<T: TryFrom<u64>>(&self, name: &str, target: &mut T) -> Result<(), Misuse> {
        if let Some(value) = self.object.get(name) {
            *target = self.whole(name, value)?;
        }
        Ok(())
    }

    /// A whole number of the wanted size.
    pub(crate) fn whole<T: TryFrom<u64>>(&self, name: &str, value: &Value) -> Result<T, Misuse> {
        let number = value.as_u64().and_then(|number| T::try_from(number).ok());
        number.ok_or_else(|| self.wrong(name, value))
    }

    /// Reads any number.
    pub(crate) fn float(&self, name: &str, target: &mut f64) -> Result<(), Misuse> {
        if let Some(value) = self.object.get(name) {
            *target = value.as_f64().ok_or_else(|| self.wrong(name, value))?;
        }
        Ok(())
    }

    /// Reads `true` or `false`.
    pub(crate) fn flag(&self, name: &str, target: &mut bool) -> Result<(), Misuse> {
        if let Some(value) = self.object.get(name) {
            *target = value.as_bool().ok_or_else(|| self.wrong(name, value))?;
        }
        Ok(())
    }

    /// A text, or nothing where there is none or `null`.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, Misuse> {
        match self.given(name) {
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(other) => Err(self.wrong(name, other)),
            None => Ok(None),
        }
    }

    /// A member that is there and not `null`.
    pub(crate) fn given(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }

    /// What to say of a member that makes no sense.
    pub(crate) fn wrong(&self, name: &str, value: &Value) -> Misuse {
        Misuse::argument(format!("{}: `{name}` cannot be {}", self.what, text_of(value)))
    }
}
