//! Words that identify nobody. In: nothing. Out: the words of scanners, of BIDS, of our own texts
//! and of everyday English, and the texts in which they stand. A value made of them alone is not
//! searched for, since every output holds them; it is checked by position and counted as such.
//! Never: a person's or a place's name, with the exception of vendors and placeholders.

use super::fold::Folded;
use std::collections::HashSet;
use std::sync::LazyLock;

/// Vocabulary of MR and CT scanners: terms of PS3.16 CID 4 to 30 and of vendors' manuals, as they
/// occur in names of series and in coded strings.
const SCANNER: &str = "
abdomen abdominal abd acquisition acq adc add admin adult agent all angio angiography anterior aorta
appr aquisition arms arterial art artery asl asset auto average averaged axial ax base bh biliary
blade blood body bold bolus bone both brain breast breath breathhold breathing brust bw calibration
caipi caipirinha cardiac care cartesian cervical chest chole cholangio circle circular clear coil
colon combined compressed contrast control cor coronal cspine ct curved cut dark data default delay
delayed derived diff diffusion dis2d dis3d display distortion dixon dl dose dotarem double dti dual
dual-echo duodenum dwi dyn dynamic early echo echoes ecg elastography enhanced epi exam examination
excretory exp fast fat fatsat fb feet ffs ffp fgre fiesta field fields fieldmap fieldmapping filter fine first
fisp flair flash flex flip flow fluid fmri fov frequency frfse free freebreathing frontal fs fse fsat fspgr full
functional gadavist gadobutrol gadolinium gadovist gadoxetate gadoterate gadobenate multihance
primovist eovist magnevist omniscan prohance clariscan gating gd general gradient grappa gre group
hap haste hbp head hepatic hepatobiliary hfs hfp hi high hip hires hr idea ideal image images imaging in
infusion inhalation inject injected injection inphase inplane inspiration expiration interpolated
interpolation inversion irregular iso isocenter isotropic iterative kidney kidneys km knee kontrast
large last late lateral lava leber left legs lesion lever limb linear liver loc localiser localizer
long longitudinal low lower lumbar lung magnitude main manual map mapping mask matrix max maximum mdixon mean medium
medulla megre mese min minimum mip mixed mobile mode moco model modulus mosaic motion mpr mprage mr
mra mrcp mri mrs ms multi multiphase multislice native navi navigator neck neutral non none norm normal
normalized oblique obl opp opposed opposedphase original other out outphase oral pace pancreas parallel
part passive pat patient pd pelvis perfusion perf phantom phase phases phasediff phys physio pitch pixel plain
plane planes portal portovenous portvenous position post posterior pre prep presat primary processed
proj projection propeller prostate proton protocol pulse pv quality quick radial range rapid ratio
raw real imaginary recon reconstruction reference reformat region regular relaxation repeat reset resp
respiratory resolution rest right routine run saddle sag sagittal sat saturation scan scanner scanning scout se
screen secondary segmented selective sense sequence series set shim short shot sigma signal siemens
single slab slice slices slow small smart soft space special spectral spectro spectroscopy spgr spin spine
spir spair spleen split spoiled ssfse ssh standard start static steady stack std stir stop study stomach
sub subtract subtracted subtraction superior supine prone surface survey susceptibility swi sync
t1 t1w t1wi t2 t2w t2star tage target task te test texture thick thickness thigh thin thorax thoracic three
thrive thyroid ti time timing tir tirm tof topogram total tr tra trace tracew trans transition transitional
transversal transverse transmit trig trigger triggered true truefisp trufi tse tumor tumour turbo twist two
type ultrafast unenhanced unspecified upper uterus value ven venous vascular version vessel
vibe view vol volume volumetric water wash washout weighted weighting whole wholebody width window with
without without-contrast work worklist wrist xv yes zoom zoomit
siemens healthineers healthcare philips medical systems ge gems general electric toshiba canon
hitachi fujifilm united imaging uih bruker agfa hologic neusoft esaote mindray shimadzu
magnetom skyra prisma aera avanto vida sola espree verio trio symphony sonata altea lumina terra
biograph amira essenza signa excite hdxt hdx discovery optima artist premier architect pioneer voyager explorer
ingenia achieva intera elition ambition prodiva panorama gyroscan vantage titan galan orian elan
syngo numaris xa numaris4 release software revolution somatom definition force edge flash
";

/// Words that archives write for nothing, for test objects, or for de-identified people.
const PLACEHOLDERS: &str = "
anon anonym anonymous anonymized anonymised anonymize anonymise deidentified identified de-identified
pseudonym pseudonymised pseudonymized removed redacted unknown unbekannt unnamed noname null none
nan na n/a empty blank missing undefined unspecified other various volunteer proband control
subject subjects sub ses session participant participants patient patients person name nobody
phantom phantoms test tests testing demo example sample dummy training qa qc service research
hospital clinic klinik radiology radiologie department institute university center centre
yes no male female m f o true false on off
";

/// BIDS: entities, suffixes, columns, and the sidecar fields of MRI and CT (BIDS 1.10.0, appendices
/// and schema), with what dcm2niix adds; and the words of our own documents.
const BIDS: &str = "
acq ce echo part task dir rec run inv mt space split recording chunk seg res den label desc sub ses
anat dwi func fmap perf derivatives sourcedata code provenance training other bids bidsignore nii json tsv bval bvec
participant_id session_id filename acq_time days_from_first seconds_from_first sex age handedness
Manufacturer ManufacturersModelName MagneticFieldStrength ImagingFrequency Modality BodyPartExamined
PatientPosition ScanningSequence SequenceVariant ScanOptions SequenceName PulseSequenceType
PulseSequenceDetails MRAcquisitionType ImageType SeriesNumber AcquisitionNumber SliceThickness
SpacingBetweenSlices EchoTime EchoTime1 EchoTime2 EchoNumber RepetitionTime RepetitionTimeExcitation InversionTime
FlipAngle NumberOfAverages EchoTrainLength PartialFourier PartialFourierDirection ParallelReductionFactorInPlane ParallelReductionFactorOutOfPlane
ParallelAcquisitionTechnique MultibandAccelerationFactor PercentPhaseFOV PercentSampling
PhaseEncodingSteps PhaseEncodingDirection PhaseEncodingAxis SliceEncodingDirection SliceTiming
EffectiveEchoSpacing TotalReadoutTime DwellTime PixelBandwidth ReceiveCoilName ReceiveCoilActiveElements
MatrixCoilMode CoilCombinationMethod NonlinearGradientCorrection WaterFatShift SpoilingState SpoilingType MTState
ContrastBolusIngredient ContrastBolusAgent SoftwareVersions DeviceSerialNumber StationName InstitutionName
InstitutionAddress InstitutionalDepartmentName AcquisitionMatrixPE ReconMatrixPE BaseResolution
ImageOrientationPatientDICOM ImageOrientationText RawImage ProtocolName SeriesDescription ConversionSoftware
ConversionSoftwareVersion DiffusionScheme BValue bvalue TaskName Units IntendedFor EstimationMethod
SAR TriggerDelayTime InPlanePhaseEncodingDirectionDICOM VendorReportedEchoSpacing DerivedVendorReportedEchoSpacing
XRayTubeCurrent ExposureTime KVP ConvolutionKernel ReconstructionDiameter GantryDetectorTilt
Name BIDSVersion DatasetType GeneratedBy Version CodeURL License Authors Acknowledgements HowToAcknowledge
Funding EthicsApprovals ReferencesAndLinks DatasetDOI SourceDatasets DatasetLinks Container HEDVersion
LongName Description Levels TermURL Delimiter raw derivative Keywords
T1w T2w PDw FLAIR T2starw MEGRE MESE angio magnitude magnitude1 magnitude2 phase phase1 phase2 phasediff bold dwi ADC
original primary derived secondary modified hepatica schema report plan conversion deidentification hanging
certificate profile options option applied edition basic application level confidentiality kept replaced removed converted
outcome outcomes ordinal ordinals reason reasons role roles volume volumes file files entry entries count counts
warning warnings skipped failed truncated unreadable days seconds years band minutes millimetres voxel voxels
";

/// Frequent English words, any of which may stand in a document of ours and be a surname as well.
const ENGLISH: &str = "
about above across after again against also although always among another around available away back
became because become before behind being below best better between beyond black blue body born both
bottom bring brown build built call came cannot case cases cause certain chance change check child children choice choose
city clear close closed code cold come common complete computer consent could country course cover cross date
dates day days deep describe detail did differ different does done down draw drawn drop each early earth east
easy eight either else empty end enough even ever every exact example except fall false family far fast father few field
figure fill final find fine first five follow food foot force forest form found four free friend from front full
further game garden gave general give given glass good grand grant gray great green grey ground group grow
guide hair half hall hand happy hard have head hear heart heat heavy held help here high hill hold home hope
horse hour house how hundred idea inside into island item itself just keep kept kind king knew know known land large last
late later law lead leave left length less letter level life light like limit line list listed listen little live
local long look lost love low made main make many march mark marked mass match matter may mean means measure meet men might mile
mind minute miss moment money month moon more most mother mountain move much music must name near need never new next
nice night nine noble none north note nothing notice now number object ocean off often old once one only open order
other others our out over own owner page pages paper parent park part parts party pass past path pattern peace people perhaps
person pick picture piece place plain plan plane plant play point poor power present price prince print problem
produce proof proper public pull question quick quiet quite rain raise ran rather reach read reader ready real reason
record red remain remember repeat rest result rice rich ride right ring rise river road rock room rose round row rule
run safe said same sand saw say school sea search second secret see seen self send sense sentence separate serve set seven
several shall shape sharp she ship short should show shown side sign silver simple since sing single site six size skin sky slow small snow
some something song soon sound source south space speak special spring stage stand star start state stay step still stone stop
store story street strong study such summer sun sure table take taken talk tell ten test text than thank that the their them then
there these they thing think this those though thought thousand three through thus time title today together told too took top toward town
travel tree true try turn twice two under unit units until upon use used user using usual vary very view voice wait walk wall want war
warm was water way week well went were west what wheel when where whether which while white who whole whose why wide will wind winter wish
with within without woman wood word words work works world would write written wrong year years yellow yes yet you young your zero
";

/// Words of the documents, reports and reasons that the other rooms write, and of everybody's folders.
const OURS: &str = "
absent added already annex apparent archive artearly artlate ask backup balanced budget burned byte camelcase
can cancelled capped coefficients cohort colour column command compression contradictory convert damaged
dataset declared del density desktop device dicom differently differs dimensions distance download downloads
drive duplicates element encrypted endian error exams excluded explicit export fit floats folder follows
fraction frames gantry generic geometry grid has hcc header hence highest https identification identifier
identifiers impossible incoming incomplete index input internal its keyed labels layout leaked lies loss
machine marks matters two media memory modalities monai mre named needs network neuroimaging nnunet oppphase
parameters password permission pixels please policy presentation readable readme recognised recorded rename
reports saturated says scaled scaling scans schema screenshots segmentations series not sessions sheared
shifted snake sort sources ssfp states stored structured studies syntax tells temp tilted times tmp transfer
uncompressed unless unpack unsupported update users values varies 
";

/// Whether a folded word is of the vocabulary.
pub(super) fn is_common(folded: &[u8]) -> bool {
    WORDS.contains(folded)
}

/// Whether a folded word is of scanners' vocabulary: narrower than [`is_common`], whose everyday words are
/// people's names as well (`brown`, `long`).
pub(super) fn is_of_scanners(folded: &[u8]) -> bool {
    SCANNERS.contains(folded)
}

/// The vocabulary's words, so far apart that no pattern spans two of them.
pub(super) fn words_apart() -> &'static str {
    &APART
}

/// Texts of the hanging presets, which are published with their reasons.
pub(super) fn presets() -> impl Iterator<Item = &'static str> {
    crate::hanging::Preset::ALL.iter().map(|preset| preset.json())
}

fn texts() -> impl Iterator<Item = &'static str> {
    [SCANNER, PLACEHOLDERS, BIDS, ENGLISH, OURS].into_iter().chain(presets())
}

static APART: LazyLock<String> = LazyLock::new(|| {
    let words = [SCANNER, PLACEHOLDERS, BIDS, ENGLISH, OURS].into_iter().flat_map(str::split_whitespace);
    words.collect::<Vec<_>>().join("\n\n\n\n\n\n")
});

static WORDS: LazyLock<HashSet<Vec<u8>>> = LazyLock::new(|| words_of(texts()));

static SCANNERS: LazyLock<HashSet<Vec<u8>>> = LazyLock::new(|| words_of(std::iter::once(SCANNER)));

fn words_of(texts: impl Iterator<Item = &'static str>) -> HashSet<Vec<u8>> {
    let mut words = HashSet::new();
    for text in texts {
        for word in text.split(|c: char| !c.is_alphanumeric() && c != '-' && c != '_' && c != '/') {
            words.insert(Folded::of_text(word).bytes);
            for part in word.split(['-', '_', '/']) {
                words.insert(Folded::of_text(part).bytes);
            }
        }
    }
    words.remove(&Vec::new());
    words
}

/// Whether every word of a value is of the vocabulary; numbers of up to three digits count as such
/// (`t1 vibe 3 320`), and words part at digits as well (`b800`, `tra5mm`).
pub(super) fn is_common_phrase(text: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).all(|word| {
        let folded = Folded::of_text(word).bytes;
        is_common(&folded)
            || folded.chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit()).all(|part| {
                let digits = part.first().is_some_and(u8::is_ascii_digit);
                if digits { part.len() <= 3 } else { part.len() <= 2 || is_common(part) }
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scanner_names_are_common_and_people_are_not() {
        for text in [
            "t1_vibe_fs_tra_pre_W",
            "Ax LAVA ARTERIAL",
            "ep2d_diff_b50_400_800_TRACEW",
            "Head^Routine",
            "LIVER",
            "SIEMENS",
        ] {
            assert!(is_common_phrase(text), "{text}");
        }
        for text in
            ["DOE^JANE", "Klinikum Musterstadt", "t1_vibe_mueller", "AWP45123", "20180312", "Schneider"]
        {
            assert!(!is_common_phrase(text), "{text}");
        }
    }
}
