//! The values of the phantom's truth label maps.

/// Liver, vessels other than the portal vein's named branches included.
pub const LIVER: u8 = 1;
/// Spleen.
pub const SPLEEN: u8 = 2;
/// The patient's right kidney, without sinus.
pub const KIDNEY_RIGHT: u8 = 3;
/// The patient's left kidney, without sinus.
pub const KIDNEY_LEFT: u8 = 4;
/// Abdominal aorta without its branches.
pub const AORTA: u8 = 5;
/// Splenic, superior mesenteric and portal vein down to branches of about 5 mm.
pub const PORTAL_VEIN: u8 = 6;
/// Ablated tissue after treatment.
pub const TREATED_ZONE: u8 = 7;
/// Lesion 1, necrosis and capsule included; lesion *n* is `FIRST_LESION + n - 1`. After treatment: its
/// viable part.
pub const FIRST_LESION: u8 = 11;
