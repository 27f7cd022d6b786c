//! Phases of a dynamic series after a bolus of contrast agent.

use serde::{Deserialize, Serialize};

/// Phase of a dynamic contrast-enhanced series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Before contrast.
    Pre,
    /// Early arterial: hepatic artery filled, portal vein not.
    ArterialEarly,
    /// Arterial, neither known as early nor as late.
    Arterial,
    /// Late arterial: portal vein beginning to fill.
    ArterialLate,
    /// Portal venous.
    PortalVenous,
    /// Transitional: what 3 min is with gadoxetate.
    Transitional,
    /// Delayed (equilibrium).
    Delayed,
    /// Hepatobiliary.
    Hepatobiliary,
}
