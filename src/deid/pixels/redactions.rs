//! What reviewers decided, as a file. In: JSON of schema `hepatica-redactions/1`, or decisions made in the
//! page. Out: for an object, what is to be done with its pixels. Never: identifies anybody: devices are
//! named by make, model and image size, single objects by the UID that stands in their UID's place.

use super::glyphs::PixelBox;
use super::search::text_of;
use crate::dicom::{Header, Tag, tags};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The schema of redaction files (invariant 11).
pub const REDACTIONS_SCHEMA: &str = "hepatica-redactions/1";

/// The most boxes of one decision.
const MOST_BOXES: usize = 256;

/// The device that an image comes from, and the shape of its images: what a template is made for.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// Manufacturer (0008,0070).
    pub manufacturer: String,
    /// ManufacturerModelName (0008,1090).
    pub model: String,
    /// SOPClassUID (0008,0016).
    pub sop_class: String,
    /// Rows (0028,0010).
    pub rows: u32,
    /// Columns (0028,0011).
    pub columns: u32,
    /// ImageType (0008,0008): in a template, the values that an image's must begin with; none means any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub image_type: Vec<String>,
}

impl Device {
    /// The device of an object.
    pub fn of(header: &Header) -> Self {
        let number = |tag| header.root().int(tag).and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
        Self {
            manufacturer: text_of(header, tags::MANUFACTURER),
            model: text_of(header, tags::MANUFACTURER_MODEL_NAME),
            sop_class: header
                .root()
                .text(tags::SOP_CLASS_UID)
                .or_else(|| header.meta().text(Tag(0x0002, 0x0002)))
                .unwrap_or_default(),
            rows: number(tags::ROWS),
            columns: number(tags::COLUMNS),
            image_type: header.root().strings(tags::IMAGE_TYPE),
        }
    }

    /// Whether a template for `self` is for an image of `other`.
    fn covers(&self, other: &Self) -> bool {
        let same = |a: &str, b: &str| a.trim().eq_ignore_ascii_case(b.trim());
        same(&self.manufacturer, &other.manufacturer)
            && same(&self.model, &other.model)
            && same(&self.sop_class, &other.sop_class)
            && (self.rows, self.columns) == (other.rows, other.columns)
            && self.image_type.len() <= other.image_type.len()
            && self.image_type.iter().zip(&other.image_type).all(|(a, b)| same(a, b))
    }
}

/// What a reviewer decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "action", deny_unknown_fields)]
pub enum Decision {
    /// Nobody can be recognised by its pixels: it is written as it is.
    Accept,
    /// It isn't written.
    LeaveOut,
    /// These boxes are blackened in every frame, and it is written.
    Redact {
        /// The boxes, at least one.
        boxes: Vec<PixelBox>,
    },
}

/// A decision for all images of a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Which images.
    pub device: Device,
    /// What is done with them.
    pub decision: Decision,
    /// A person has looked at images that were redacted by it and found nothing left: the objects may say so.
    #[serde(default)]
    pub reviewed: bool,
}

/// The file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redactions {
    /// The schema.
    pub schema: Schema,
    /// By device; the last one that fits holds.
    #[serde(default)]
    pub templates: Vec<Template>,
    /// By object: the UID in the place of SOPInstanceUID, under the project's key. Goes before templates.
    #[serde(default)]
    pub objects: BTreeMap<String, Decision>,
}

/// The schema as the file names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Schema {
    /// [`REDACTIONS_SCHEMA`].
    #[default]
    #[serde(rename = "hepatica-redactions/1")]
    V1,
}

/// Why a file of decisions is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedactionsError {
    /// Not of this schema.
    #[error("these are no redactions of schema {REDACTIONS_SCHEMA}")]
    Schema,
    /// Of the schema, but not of its shape.
    #[error("the redactions can't be read at line {line}, column {column}")]
    Shape {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// A template names no device.
    #[error("template {number} of the redactions needs manufacturer, model, class, rows and columns")]
    NoDevice {
        /// Which, from 1.
        number: usize,
    },
    /// A box is empty or reaches out of the image.
    #[error("decision {number} of the redactions has no box, too many, or one that isn't within the image")]
    Boxes {
        /// Which: templates from 1, then objects.
        number: usize,
    },
    /// A key of `objects` is no UID.
    #[error("decision {number} of the redactions names no object: write the UID that the review list gives")]
    Object {
        /// Which: templates from 1, then objects.
        number: usize,
    },
}

/// What is to be done with an object's pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ruling<'a> {
    /// The decision.
    pub decision: &'a Decision,
    /// A person has looked at this very object, or vouches for the template.
    pub reviewed: bool,
    /// It is about this object, not about its device.
    pub own: bool,
}

impl Redactions {
    /// Reads a file of decisions and checks it.
    ///
    /// # Errors
    /// [`RedactionsError`]; nothing of the file is repeated.
    pub fn parse(json: &[u8]) -> Result<Self, RedactionsError> {
        let shape =
            |error: serde_json::Error| RedactionsError::Shape { line: error.line(), column: error.column() };
        let any: serde_json::Value = serde_json::from_slice(json).map_err(shape)?;
        if any.get("schema").and_then(|schema| schema.as_str()) != Some(REDACTIONS_SCHEMA) {
            return Err(RedactionsError::Schema);
        }
        let read: Self = serde_json::from_slice(json).map_err(shape)?;
        read.check()?;
        Ok(read)
    }

    /// The file.
    pub fn to_json(&self) -> String {
        let mut json = serde_json::to_string_pretty(self).unwrap_or_default();
        json.push('\n');
        json
    }

    /// Whether every decision can be carried out.
    ///
    /// # Errors
    /// [`RedactionsError`] says which can't.
    pub fn check(&self) -> Result<(), RedactionsError> {
        for (at, template) in self.templates.iter().enumerate() {
            let number = at + 1;
            let device = &template.device;
            let named = [&device.manufacturer, &device.model, &device.sop_class];
            if named.iter().any(|text| text.trim().is_empty()) || device.rows == 0 || device.columns == 0 {
                return Err(RedactionsError::NoDevice { number });
            }
            if !fits(&template.decision, Some((device.columns, device.rows))) {
                return Err(RedactionsError::Boxes { number });
            }
        }
        for (at, (uid, decision)) in self.objects.iter().enumerate() {
            let number = self.templates.len() + at + 1;
            if uid.is_empty() || uid.len() > 64 || !uid.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
                return Err(RedactionsError::Object { number });
            }
            if !fits(decision, None) {
                return Err(RedactionsError::Boxes { number });
            }
        }
        Ok(())
    }

    /// What was decided for an object: under its own UID (the one in the original's place), else for its
    /// device.
    pub fn ruling(&self, object: &str, device: &Device) -> Option<Ruling<'_>> {
        if let Some(decision) = self.objects.get(object) {
            return Some(Ruling { decision, reviewed: true, own: true });
        }
        let template = self.templates.iter().rev().find(|template| template.device.covers(device))?;
        Some(Ruling { decision: &template.decision, reviewed: template.reviewed, own: false })
    }

    /// Keeps boxes drawn on one image as a template for its device, in the place of one that is there.
    pub fn keep_as_template(&mut self, device: Device, decision: Decision, reviewed: bool) {
        self.templates.retain(|template| template.device != device);
        self.templates.push(Template { device, decision, reviewed });
    }
}

/// Whether a decision's boxes are within an image of `size` (columns, rows), or within any image.
pub(crate) fn fits(decision: &Decision, size: Option<(u32, u32)>) -> bool {
    let Decision::Redact { boxes } = decision else { return true };
    let (columns, rows) = size.unwrap_or((65_535, 65_535));
    let within = |b: &PixelBox| {
        let (right, bottom) = (b.x.checked_add(b.width), b.y.checked_add(b.height));
        b.width > 0
            && b.height > 0
            && right.is_some_and(|right| right <= columns)
            && bottom.is_some_and(|bottom| bottom <= rows)
    };
    !boxes.is_empty() && boxes.len() <= MOST_BOXES && boxes.iter().all(within)
}
