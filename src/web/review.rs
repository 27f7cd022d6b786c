//! Review of images that may have text burned in, for JavaScript. In: the bytes of one object. Out: a picture
//! of its true size, and boxes where text seems to be. Never: keeps a picture.

use js_sys::{Float64Array, Object, Uint8Array};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use super::journey::{flat, set, to_js};
use crate::session::ReviewFrame;

/// The making of one picture to review.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Reviewer(pub(super) ReviewFrame);

#[wasm_bindgen]
impl Reviewer {
    /// The next range wanted; empty when it can be drawn.
    pub fn need(&mut self) -> Float64Array {
        flat(self.0.need().as_slice())
    }

    /// Takes the bytes of the last need; `false` if they can't be used.
    pub fn feed(&mut self, bytes: Vec<u8>) -> bool {
        self.0.feed(bytes)
    }

    /// `{ width, height, rgba, frames, boxes, template, device }`, or nothing where it can't be decoded.
    pub fn draw(self) -> JsValue {
        let Some(picture) = self.0.draw() else { return JsValue::NULL };
        let object = Object::new();
        set(&object, "width", &picture.width.into());
        set(&object, "height", &picture.height.into());
        set(&object, "rgba", &Uint8Array::from(picture.rgba.as_slice()).buffer());
        set(&object, "frames", &picture.frames.into());
        set(&object, "boxes", &to_js(&picture.boxes));
        set(&object, "template", &to_js(&picture.template));
        set(&object, "device", &to_js(&picture.device));
        object.into()
    }
}
