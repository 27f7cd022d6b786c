//! The words themselves: the standard's defined terms, and the vendors' product, coil and sequence
//! names as they stand in their conformance statements and as dcm2niix documents them. Data only;
//! `words` says what is done with them.

/// Manufacturers: what their names contain, and how BIDS data sets spell them.
pub(super) const MANUFACTURERS: &[(&str, &str)] = &[
    ("siemens", "Siemens"), ("philips", "Philips"), ("ge medical", "GE"), ("ge healthcare", "GE"),
    ("general electric", "GE"), ("canon", "Canon"), ("toshiba", "Toshiba"), ("hitachi", "Hitachi"),
    ("fujifilm", "Fujifilm"), ("united imaging", "UIH"), ("uih", "UIH"), ("bruker", "Bruker"),
    ("esaote", "Esaote"), ("neusoft", "Neusoft"), ("hyperfine", "Hyperfine"), ("mediso", "Mediso"),
    ("agilent", "Agilent"), ("varian", "Varian"), ("marconi", "Marconi"), ("picker", "Picker"),
    ("hologic", "Hologic"), ("hepatica", "Hepatica"),
];

/// Contrast agents: words of brands and substances, and the substance.
pub(super) const AGENTS: &[(&str, &str)] = &[
    ("primovist", "gadoxetate"), ("eovist", "gadoxetate"), ("gadoxet", "gadoxetate"),
    ("gd-eob", "gadoxetate"), ("gdeob", "gadoxetate"), ("multihance", "gadobenate"),
    ("gadobenat", "gadobenate"), ("gadovist", "gadobutrol"), ("gadavist", "gadobutrol"),
    ("gadobutrol", "gadobutrol"), ("dotarem", "gadoterate"), ("clariscan", "gadoterate"),
    ("artirem", "gadoterate"), ("gadoter", "gadoterate"), ("prohance", "gadoteridol"),
    ("elucirem", "gadopiclenol"), ("vueway", "gadopiclenol"), ("gadopiclenol", "gadopiclenol"),
    ("magnevist", "gadopentetate"), ("gadopentet", "gadopentetate"), ("omniscan", "gadodiamide"),
    ("gadodiamid", "gadodiamide"), ("optimark", "gadoversetamide"), ("vasovist", "gadofosveset"),
    ("ablavar", "gadofosveset"), ("feraheme", "ferumoxytol"), ("ferumoxytol", "ferumoxytol"),
    ("resovist", "ferucarbotran"), ("teslascan", "mangafodipir"), ("mangafodipir", "mangafodipir"),
];

/// Patient positions (PS3.3 C.7.3.1.1.2).
pub(super) const POSITIONS: &[&str] = &[
    "HFP", "HFS", "HFDR", "HFDL", "FFDR", "FFDL", "FFP", "FFS", "LFP", "LFS", "RFP", "RFS", "AFDR", "AFDL",
    "PFDR", "PFDL",
];

/// Body parts (PS3.16 Annex L), those that MR and CT are made of.
pub(super) const BODY_PARTS: &[&str] = &[
    "ABDOMEN", "ABDOMENPELVIS", "ABDOMEN PELVIS", "ADRENAL", "ANKLE", "AORTA", "ARM", "BILEDUCT", "BLADDER",
    "BRACHIALPLEXUS", "BRAIN", "BREAST", "CALF", "CARDIAC", "CAROTID", "CEREBELLUM", "CERVIX", "CHEST",
    "CHESTABDOMEN", "CHESTABDPELVIS", "CIRCLEOFWILLIS", "COLON", "CSPINE", "CTSPINE", "ELBOW", "ESOPHAGUS",
    "EXTREMITY", "EYE", "FACE", "FINGER", "FOOT", "FOREARM", "GALLBLADDER", "HAND", "HEAD", "HEADNECK",
    "HEART", "HIP", "IAC", "JAW", "KIDNEY", "KNEE", "LARYNX", "LEG", "LIVER", "LOWER LIMB", "LSPINE",
    "LSSPINE", "LUNG", "MEDIASTINUM", "MRCP", "NECK", "NECKCHEST", "NECKCHESTABDOMEN", "NECKCHESTABDPELV",
    "OPTICCANAL", "ORBIT", "OVARY", "PANCREAS", "PANCBILEDUCT", "PAROTID", "PELVIS", "PENIS", "PHANTOM",
    "PHARYNX", "PITUITARY", "PROSTATE", "RECTUM", "RENAL", "RIB", "SCALP", "SCAPULA", "SELLA", "SHOULDER",
    "SINUS", "SKULL", "SPINE", "SPLEEN", "SSPINE", "STERNUM", "STOMACH", "TEMPORAL", "TESTIS", "THIGH",
    "THORAX", "THUMB", "THYROID", "TLSPINE", "TMJ", "TOE", "TSPINE", "UPPER ABDOMEN", "UPPER LIMB",
    "UTERUS", "VAGINA", "WHOLEBODY", "WRIST",
];

/// Scan options: PS3.3 C.8.3.1, and GE's and Siemens's additions.
pub(super) const SCAN_OPTIONS: &[&str] = &[
    "PER", "RG", "CG", "PPG", "FC", "PFF", "PFP", "SP", "FS", "CT", "OTHER", "NONE", "WE", "MT", "IR", "DB",
    "SAT1", "SAT2", "SAT3", "SAT4", "SAT5", "SAT6", "SFS", "SSAT", "GATING", "TRIG", "NAV", "VASCTOF_GEMS",
    "SAT_GEMS", "MP_GEMS", "EDR_GEMS", "ACC_GEMS", "EPI_GEMS", "FILTERED_GEMS", "FAST_GEMS", "TRF_GEMS",
    "VB_GEMS", "SS_GEMS", "NPW_GEMS", "ASSET_GEMS", "FC_GEMS", "FC_SLICE_AX_GEMS", "FC_FREQ_AX_GEMS",
    "FLEX_GEMS", "IDEAL_GEMS", "SEQ_GEMS", "RESP_GEMS", "CARD_GEMS", "ARC_GEMS", "FR_GEMS", "DYNPL",
    "DYNAMIC", "CS_GEMS", "T2PREP_GEMS", "IFLOW_GEMS", "EXT_FOV_GEMS", "HYPERSENSE_GEMS", "HYPERBAND_GEMS",
    "MULTIBAND_GEMS", "IRP_GEMS", "IRM_GEMS", "TRICKS_GEMS", "PROP_GEMS", "ZOOM_GEMS", "MDE_GEMS",
    "CINE_GEMS", "SPIRAL_GEMS", "HELICAL MODE", "AXIAL MODE", "SCOUT MODE", "CINE MODE",
];

/// Words of sequence names.
pub(super) const SEQUENCES: &[&str] = &[
    "epfid", "epse", "epir", "ep2d", "fldyn", "vibe", "hste", "tgse", "qdwi", "spcr", "spcir", "space",
    "tfir", "tirb", "tirr", "tseb", "tser", "fltw", "flash", "haste", "resolve", "medic", "ciss", "dess",
    "trufi", "mprage", "dwise", "dwie", "fieldecho", "twist", "starvibe", "lava", "ideal", "disco",
    "propeller", "mpgr", "fspgr", "spgr", "frfse", "fgre", "fiesta", "efgre", "ssfse", "memp", "vemp",
    "epidiff", "bravo", "cube", "merge", "swan", "mrcp", "tricks", "fastcine", "thrive", "mdixon", "sense",
    "grase", "mixed", "bffe", "ffe", "tfe", "tse", "asl", "pcasl", "pasl", "svs", "localizer", "scout",
    "hyperband", "quick", "radial", "stack", "stars",
];

/// Words of coil names.
pub(super) const COILS: &[&str] = &[
    "head", "neck", "body", "spine", "breast", "torso", "cardiac", "anterior", "posterior", "upper",
    "lower", "array", "matrix", "coil", "multi", "channel", "flex", "large", "small", "shoulder", "wrist",
    "hand", "foot", "ankle", "knee", "elbow", "peripheral", "angio", "birdcage", "quad", "sense", "volume",
    "surface", "loop", "whole", "phased", "abdomen", "pelvis", "heart", "liver", "extremity", "blanket",
    "chest", "adaptive", "ultraflex", "contour", "orbit", "prostate", "endorectal", "mammo", "base",
    "integral", "full", "brain", "medium", "ceiling", "table", "headneck", "nvarray", "hdnv", "torsopa",
    "bodyarray", "speeder", "atlas", "superflex",
];

/// Words of MR and CT scanners' model names.
pub(super) const MODELS: &[&str] = &[
    "magnetom", "prisma", "trio", "triotim", "verio", "skyra", "aera", "avanto", "symphony", "symphonytim",
    "sonata", "espree", "essenza", "vida", "lumina", "sola", "altea", "amira", "sempra", "spectra", "free",
    "star", "terra", "cima", "flow", "harmony", "concerto", "allegra", "vision", "impact", "expert", "open",
    "viato", "biograph", "mmr", "investigational", "connectom", "ingenia", "achieva", "intera", "elition",
    "ambition", "gyroscan", "panorama", "prodiva", "multiva", "dstream", "quasar", "evolution", "nova",
    "master", "signa", "architect", "premier", "artist", "pioneer", "voyager", "explorer", "creator",
    "hero", "champion", "victor", "hdxt", "excite", "discovery", "optima", "brivo", "genesis", "profile",
    "ovation", "infinity", "lightspeed", "revolution", "vantage", "titan", "galan", "orian", "elan",
    "fortian", "centurian", "excelart", "atlas", "aquilion", "prime", "echelon", "oval", "smart", "airis",
    "aperto", "oasis", "altaire", "synergy", "omega", "jupiter", "aurora", "somatom", "definition", "force",
    "flash", "edge", "drive", "sensation", "emotion", "naeotom", "alpha", "go", "top", "now", "perspective",
    "brilliance", "ingenuity", "iqon", "spectral", "incisive", "mobile", "swoop", "plus", "edition",
    "phantom", "biospec", "pharmascan",
];

/// Words of software versions.
pub(super) const SOFTWARE: &[&str] = &[
    "syngo", "numaris", "software", "release", "version", "build", "patch", "hotfix", "hepatica", "phantom",
];

/// Words of CT kernels.
pub(super) const KERNELS: &[&str] = &[
    "standard", "soft", "bone", "boneplus", "lung", "detail", "edge", "chst", "head", "body", "sharp",
    "smooth",
];

/// Values of ImageType (PS3.3 C.7.6.1.1.2, C.8.3.1.1.1, C.8.13.1.1.1, C.8.16.1) and the vendors' own.
pub(super) const IMAGE_TYPES: &[&str] = &[
    "ORIGINAL", "DERIVED", "MIXED", "PRIMARY", "SECONDARY", "M", "P", "R", "I", "M_SE", "M_FFE", "M_IR",
    "M_TSE", "M_B0", "M_PCA", "P_SE", "P_FFE", "P_IR", "R_SE", "R_FFE", "R_IR", "I_SE", "I_FFE", "I_IR",
    "SE", "FFE", "TSE", "IR", "B0", "B1", "PCA", "PHASE", "PHASE MAP", "PHASE_MAP", "MAGNITUDE", "REAL",
    "IMAGINARY", "COMPLEX", "VELOCITY", "NORM", "NORMALIZED", "ND", "DIS2D", "DIS3D", "DIS2D_OFF", "MOSAIC",
    "MFSPLIT", "VFRAME", "FIL", "FILTERED", "ADC", "TRACEW", "TRACE", "FA", "COLFA", "TENSOR", "EXP",
    "EADC", "CALC_BVALUE", "DIFFUSION", "DIFFUSION_ANISO", "NONE", "OTHER", "MPR", "MIP", "MIN IP", "MINIP",
    "MAX_IP", "MIN_IP", "MAXIMUM", "MINIMUM", "MEAN", "MEAN_IP", "PROJECTION IMAGE", "CSA MPR", "CSA MIP",
    "CSA RESAMPLED", "REFORMATTED", "RESAMPLED", "SUB", "SUBTRACT", "SUBTRACTION", "ADDITION", "COMBINED",
    "COMPOSED", "COMP_AD", "COMP_SPS", "COMP_SP", "DIXON", "WATER", "FAT", "W", "F", "IN_PHASE",
    "OUT_PHASE", "OPP_PHASE", "IN PHASE", "OPPOSED", "OUT_OF_PHASE", "IP", "OP", "FF", "FAT_FRACTION",
    "WATER_FRACTION", "PDFF", "R2_STAR", "R2STAR", "T2_STAR", "T2STAR", "T1", "T2", "PROTON_DENSITY",
    "T1_MAP", "T2_MAP", "T2STAR_MAP", "R2_MAP", "LOCALIZER", "AXIAL", "CORONAL", "SAGITTAL", "ASL",
    "PERFUSION", "FMRI", "EPI", "FLOW_ENCODED", "FLUID_ATTENUATED", "STIR", "TAGGING", "TOF", "CINE",
    "DYNAMIC", "FIELD_MAP", "SWI", "SUSCEPTIBILITY", "STIFFNESS", "MRE", "WAVE", "SCREEN SAVE",
    "CSAPARALLEL", "MOCO", "PROSPECTIVE", "RETRO", "RAW", "UNI", "INV1", "INV2", "SSD", "REG", "REGISTERED",
    "TTP", "PBP", "CBF", "CBV", "MTT", "TMAX", "GBP", "RCBF", "RCBV", "WASH_IN", "WASH_OUT", "PEI", "ANGIO",
    "VOLUME", "MULTI_ECHO", "ECHO", "MEDIAN", "STDEV", "SC", "PHANTOM", "DISTORTED", "UNDISTORTED",
];
