//! The vocabulary of descriptions and of image types: data, no decisions.
//!
//! Terms are written as words part (`"t 1"`, lower case, without accents; see [`super::words`]), and
//! commas part terms. Collected from the naming habits of Siemens, GE, Philips, Canon, Hitachi and UIH
//! scanners and of clinics in English, German, French, Spanish, Italian and Dutch.

use super::facts::{DerivedKind, Dixon};
use super::kinds::Weighting;

/// What tells a derived kind: words of the description, and starts of Image Type values (PS3.3
/// C.8.3.1.1.1 and vendors'). The first kind that hits decides: the projection of a subtraction is a
/// projection.
pub(super) const DERIVED: &[(DerivedKind, &str, &str)] = &[
    (
        DerivedKind::Calibration,
        "calibration, calib, asset cal, cal scan, cal, refscan, ref scan, sense ref, \
        coil sens, care bolus, carebolus, bolus track, bolus tracking, bolustrak, \
        bolus trak, bolus timing, timing bolus, timing run, test bolus, testbolus, \
        smartprep, smart prep, fluoro trigger, fluoroprep, fluoro, surestart, sure start, \
        visual prep, visualprep, premonitoring, monitoring, shim, prescan, noise scan, \
        b 1 map, tracker",
        "",
    ),
    (
        DerivedKind::Localizer,
        "loc, locs, localizer, localiser, localizers, localizador, localisateur, \
        localizzatore, lokalizer, lokalisator, lokalizator, lokalisierung, lokaliser, \
        locator, scout, scouts, survey, surview, topogram, topogramm, scanogram, scano, \
        pilot, ubersicht, uebersicht, reperage, centratore, centraggio, centrage, 3 plane, \
        3 planes, 3 pl, three plane, triplane, tri plane, planscan, plan scan, 3 axes, \
        smartbrain, positioning, posdisp",
        "LOCALIZER",
    ),
    (
        DerivedKind::ScreenSave,
        "screen save, screensave, screenshot, screen shot, screen capture, dose report, \
        phoenix, phoenixzipreport, zip report, patient protocol, protocol report, report, \
        evidence, key images, keyimages, dosisbericht, dose info, dose record",
        "SCREEN SAVE, SCREENSAVE, CSA REPORT, DOSE_INFO",
    ),
    (
        DerivedKind::Mip,
        "mip, mips, minip, maxip, max ip, min ip, mnip, pjn, projection, thick mip, \
        maximumintensity",
        "MIP, MAX_IP, MIN_IP, MAXIP, MINIP, MNIP, PROJECTION IMAGE, MAXIMUM",
    ),
    (
        DerivedKind::Mpr,
        "mpr, mprs, mpr range, reformat, reformats, reformatted, reformation, \
        rekonstruktion, cpr, curved, vrt, volume rendering",
        "MPR, CSA MPR, REFORMATTED, CPR, CURVED",
    ),
    (
        DerivedKind::Subtraction,
        "sub, subs, subtr, subtract, subtracted, subtraction, subtractions, subtraktion, \
        subtrahiert, subtractie, soustraction, soustr, sustraccion, sustr, sottrazione, \
        sottr, digsub",
        "SUBTRA, SUB",
    ),
    (
        DerivedKind::Map,
        "pdff, fat frac, fat fraction, fatfrac, fettfraktion, ff, fraction, t 1 map, \
        t 2 map, t 2 star map, r 2 star map, r 2 star, r 2 map, t 1 mapping, t 2 mapping, \
        t 2 star mapping, molli, e adc, eadc, exponential, exp adc, colfa, col fa, fa map, \
        fractional anisotropy, cbf, cbv, rcbf, rcbv, relcbf, relcbv, mtt, relmtt, ttp, \
        tmax, ktrans, kep, stiffness, stiff, confidence map, elastogram, pbp, gbp, tensor, \
        siemens report",
        "T1 MAP, T2 MAP, T2_STAR MAP, R2 MAP, R2_STAR MAP, T2STAR MAP, FF, FAT_FRACTION, \
        FAT FRACTION, PDFF, FA, EADC, EXP_ADC, RELCBV, RELCBF, RELMTT, TTP, PBP, STIFFNESS, \
        TENSOR, CONFIDENCE",
    ),
];

/// Phrases whose words would otherwise tell a derived kind.
pub(super) const NOT_DERIVED: &str = "no sub, not sub, unsub, non sub, unsubtracted, pre sub, before sub, mpr range off, \
        bolus track off";

/// Techniques that yield water and fat images.
pub(super) const DIXON_TECHNIQUES: &str = "dixon, m dixon, mdixon, q dixon, qdixon, flex, lavaflex, wfi, ideal, wfop, \
        water fat, fatwater, dix, x dixon, tse dixon, vibe dix, quick dixon";

/// Phrases with the word *fat* or *water* that name no Dixon image.
pub(super) const NOT_DIXON: &str = "fat sat, fat sup, fat suppressed, fat suppression, fat saturated, fat supp, \
        fat saturation, water fat shift, water excitation, water exc, water sat, fat nav, \
        fat frac, fat fraction, no fat, non fat, w fat";

/// Image Type values of Dixon images: Siemens, GE, Philips, Canon, UIH.
pub(super) const DIXON_TYPES: &[(Dixon, &str)] = &[
    (Dixon::Water, "WATER, W, WATER_IMAGE, DIXON_WATER, DIXON_W"),
    (Dixon::Fat, "FAT, F, FAT_IMAGE, DIXON_FAT, DIXON_F"),
    (Dixon::InPhase, "IN_PHASE, IN PHASE, INPHASE, IP, DIXON_IN, DIXON_IP"),
    (
        Dixon::OpposedPhase,
        "OUT_PHASE, OUT PHASE, OUTPHASE, OPP_PHASE, OPP PHASE, OPPOSED_PHASE, OPPOSED PHASE, \
        OUT_OF_PHASE, OP, OPP, DIXON_OPP, DIXON_OUT, DIXON_OP",
    ),
    (Dixon::Fraction, "FF, FAT_FRACTION, FAT FRACTION, FAT_FRAC, PDFF"),
];

/// Words of Dixon images that need no technique beside them.
pub(super) const DIXON_WORDS: &[(Dixon, &str)] = &[
    (
        Dixon::OpposedPhase,
        "opp, oppo, opposed, opp phase, opposed phase, oop, outphase, out phase, \
        out of phase, outofphase, oppphase, opposedphase, gegenphase, opposition, \
        opposition de phase, fuera fase, fuera de fase, fase opuesta, fase opposta, \
        fuori fase, tegenfase, op phase",
    ),
    (Dixon::InPhase, "in phase, inphase, inphas, en phase, en fase, in fase, ip phase, inph, in ph"),
    (Dixon::Water, "water, wasser, eau, agua, acqua, wateronly, water only"),
    (Dixon::Fat, "fat, fett, graisse, grasa, grasso, vet, fatonly, fat only"),
];

/// Words of fat-fraction maps.
pub(super) const FRACTION: &str = "pdff, fat fraction, fat frac, fatfrac, fettfraktion, ff";

/// One-letter and short words that mean a Dixon image only beside a technique.
pub(super) const DIXON_SHORT: &[(Dixon, &str)] = &[
    (Dixon::OpposedPhase, "op, out"),
    (Dixon::InPhase, "in, ip"),
    (Dixon::Water, "w, wat"),
    (Dixon::Fat, "f"),
];

/// Words that say fat is suppressed, and that it is not.
pub(super) const FAT_SATURATED: &str = "fs, t 2 fat, fatsat, fat sat, fat sup, fatsup, fat supp, fat suppressed, fat saturated, \
        fat saturation, fat suppression, spir, spair, stir, tirm, sat, qfs, dfs, special, \
        chess, astir, water excitation, water exc, we, proset, fettsat, fettges, \
        fettgesattigt, fettunterdruckt, saturation graisse, sat fat, fsat";

pub(super) const NOT_FAT_SATURATED: &str = "non fs, nonfs, no fs, without fs, not fs, non fat sat, no fat sat, without fat sat, \
        nofs, ohne fs, non fatsat, no fatsat, without fatsat, nfs, sans fs, sat band, \
        sat off, in phase";

/// Words that tell a weighting. The order decides: what is made of another comes before it.
pub(super) const WEIGHTING_WORDS: &[(Weighting, &str)] = &[
    (
        Weighting::Elastography,
        "mre, elasto, elastography, elastographie, elastografia, mr touch, mrtouch, touch, \
        greelasto, elastogram, stiffness, shear",
    ),
    (
        Weighting::Adc,
        "adc, d adc, dadc, adcmap, apparent diffusion, apparent diffusion coefficient, \
        av adc, avg adc, average dc",
    ),
    (
        Weighting::Fieldmap,
        "field map, fieldmap, field mapping, fieldmapping, fmap, b 0 map, db 0 map, b 0 mapping, \
        b 0 field, topup, gre field, feldkarte, distortion map",
    ),
    (Weighting::Perfusion, "perf, perfusion, dsc, asl, pasl, pcasl, casl, perfusie, perfusione"),
    (
        Weighting::Bold,
        "bold, fmri, f mri, rsfmri, rs fmri, resting state, restingstate, resting, rest fmri, func",
    ),
    (
        Weighting::Mrcp,
        "mrcp, mrcpd, cholangio, cholangiopancreatography, cpre, cholangiographie, colangio, \
        bili irm",
    ),
    (
        Weighting::Diffusion,
        "dwi, dw, diff, diffusion, diffusie, diffusione, difusion, dti, dki, hardi, dwibs, \
        ivim, tracew, trace, resolve, dwe, zoomit diff, diffusionsgewichtet, cdwi, dsi, \
        bval, muse",
    ),
    (Weighting::Swi, "swi, swip, swan, susceptibility, venobold, ven bold, qsm, fsbb"),
    (
        Weighting::Angiography,
        "tof, time of flight, mra, mrv, ce mra, angio, angiography, angiographie, \
        angiografia, inhance, phase contrast, pc 3 d, pca, pc mra, native space, qiss, fbi",
    ),
    (
        Weighting::SteadyState,
        "trufi, trufisp, truefisp, true fisp, tru fi, tru fisp, fiesta, btfe, b tfe, bffe, b ffe, \
        balanced, true ssfp, truessfp, ssfp, bssfp, cine, sarge",
    ),
];

/// Image Type values that tell a weighting.
pub(super) const WEIGHTING_TYPES: &[(Weighting, &str)] = &[
    (Weighting::Adc, "ADC, DADC, ADC_MAP, ADC MAP, ADC_UNSPECIFIED"),
    (Weighting::Diffusion, "TRACEW, DIFFUSION, TRACE, DWI, CALC_BVALUE"),
    (Weighting::Swi, "SWI, M_SWI, MNIP_SWI"),
    (Weighting::Angiography, "TOF"),
    (Weighting::Perfusion, "ASL, PERFUSION"),
    (Weighting::Bold, "FMRI, BOLD"),
];

/// Phrases that would mislead the tables.
pub(super) const NOT_WEIGHTING: &str = "arterial phase contrast, venous phase contrast, portal phase contrast, \
        delayed phase contrast, late phase contrast, contrast phase contrast";

/// Words of T2 and T1 families that name their weighting without saying it.
pub(super) const T2_FAMILY: &str = "haste, ssfse, ss fse, sshtse, ssh tse, ssh, sstse, ss tse, single shot, ufse, \
        frfse, fr fse, fsfrfse, restore, stir, tirm, spair, rare, cube, \
        vista, sst 2, trim";

pub(super) const T1_FAMILY: &str = "vibe, starvibe, lava, lavaflex, lavaxv, thrive, ethrive, e thrive, flash, fspgr, \
        spgr, fl 2 d, fl 3 d, mprage, mp rage, mp 2 rage, bravo, ir spgr, irspgr, \
        quick 3 d, quick, 3 d quick, uquick, u quick, tfl, grasp, disco, twist, fame, \
        efgre, fgre, tigre, wfi, dual echo, dualecho, dual ffe, dualffe, inphase, \
        opposed phase, opp phase, out phase, in phase, mdixon, m dixon, dyn, tfe";

pub(super) const T2_TECHNIQUE: &str = "tse, fse, blade, propeller, multivane, jet, space, arms";

/// Vocabulary of the states, in English, German, French, Spanish, Italian and Dutch.
pub(super) const VOCABULARY: [&str; 6] = [
    "pre, nativ, native, natif, nativa, nativo, nat, non contrast, noncontrast, \
        no contrast, without contrast, without, unenhanced, precontrast, pre contrast, \
        plain, ohne km, ohne, sans, sans injection, sin, sin contraste, senza, basal, \
        basale, zonder, blanco, blank, mask, vor km, pre km, prekm, pregd, minus c, \
        c minus, nc, vorkm, avant, avant injection, pregad, pregado, non ce, baseline, \
        pre inj, prae, praekontrast, prakm, unenh",
    "art, arterial, c plus a, plus c a, arteriel, arterielle, arteriell, arteriale, arteria, arterieel, \
        arteriele, arterious, hap, eap, lap, aph, artphase, artearly, artlate, earlyart, \
        lateart, latearterial, earlyarterial, fruharteriell, frueharteriell, spatarteriell, \
        spaetarteriell, bolus art, arterieller, artph, arter",
    "pv, pvp, portal, c plus v, c plus p, plus c v, plus c p, c plus pv, porto, portale, portovenous, portalvenous, portovenos, \
        portovenoes, portalvenos, portalvenoes, portven, pven, venous, venos, venoes, ven, \
        veneux, veneuse, venosa, venoso, veneus, veneuze, port, vp, pvenous, pvenos, hvp, \
        portalphase, portaal, porta, venph, portovenosa",
    "transitional, transition, transitionnel, transicional, transizionale, transit, \
        trans phase",
    "delayed, delay, del, c plus d, plus c d, c plus delay, spat, spaet, spatphase, spaetphase, tardif, tardive, tardiva, \
        tardivo, tardia, tardio, late, equilibrium, equilibre, equilibrio, equi, equil, eq, \
        interstitial, laat, late phase, dp, dly, verzogert, gleichgewicht, evenwicht, delays",
    "hbp, hepatobiliary, hepatobiliar, hepatobiliare, hepatobiliaire, hepatobil, \
        hepato biliary, hepatobiliair, hb, hbph, hepatospecific, hepatospezifisch, \
        leberspezifisch, leberspez, hepatocyte, hepatozyt, hepatospecifique, biliary phase, \
        hepatospecifica, hepatocytaire, hbphase, hepatobiliar phase",
];

/// Phrases whose words mean no phase: the time point of a treatment, or a weighting.
pub(super) const NO_PHASE: &str = "pre tace, pre op, preop, pre rfa, pre mwa, pre treatment, pre therapy, pre tx, \
        pre rx, pre lt, pre olt, pre transplant, pre sirt, pre ablation, pre rt, pre pve, \
        pre therapie, hepatic artery, portal hypertension, post tace, post op, postop, \
        post rfa, post mwa, post treatment, post therapy, post tx, post sirt, \
        post ablation, post processing, post processed, post rt, art 3 d, pre post, \
        pre and post, without fs, without fat, without bh, ohne fs, ohne atem, sans fs, \
        sans apnee, state of the art";

/// Arterial phrases whose other word belongs to another state.
pub(super) const LATE_ARTERIAL: &str = "late art, late arterial, art late, arterial late, lap, lateart, artlate, \
        latearterial, spatarteriell, spaetarteriell, spat art, spaet art, spat arteriell, \
        art spat, arteriell spat, art spaet, late ap, arterielle tardive, arterial tardia, \
        arteriosa tardiva, art tard, late hap, laat art, laat arterieel, \
        arterial phase late, late phase arterial, late a, arterielle spat, art 2 late, \
        tardive arterielle";

pub(super) const EARLY_ARTERIAL: &str = "early, early art, early arterial, art early, arterial early, eap, earlyart, \
        artearly, earlyarterial, fruharteriell, frueharteriell, fruh, frueh, fruh art, \
        precoce, arterial precoz, precoz, vroeg";

/// Words that say contrast was given, whatever the phase.
pub(super) const AFTER: &str = "post, postcontrast, post contrast, plus c, c plus, gd, gad, gado, ce, km, contrast, \
        kontrast, contraste, with contrast, kontrastmittel, plus km, plus gd, injection, \
        inj, postgd, postgad, post km, nach km, mdc, enhanced, post inj, primovist, \
        eovist, gadovist, dotarem, iv";

/// Words that only studies with a hepatobiliary agent have: its phase, and the 15 to 20 minutes at
/// which gadoxetate is imaged.
pub(super) const HEPATOBILIARY_WORDS: &str = "hbp, hepatobiliary, hepatobiliar, hepatobiliare, hepatobiliaire, hepatobil, \
        hepato biliary, hepatocyte, hepatospecific, leberspezifisch, transitional, 15 min, \
        20 min, 25 min, 20 mn, 15 mn, 20 minutes, 20 minuten";

/// Words of body regions: study and body part weigh more than series.
pub(super) const LIVER: &str = "liver, leber, foie, higado, fegato, lever, hepatic, hepatobiliary, hepat, hepar, \
        hcc, abdomen, abdom, abd, abdo, abdominal, oberbauch, mrcp, pancreas, pankreas, \
        vibe, starvibe, lava, lavaflex, thrive, ethrive, e thrive, eob, primovist, eovist, \
        hbp, portal, venous, arterial, art, hap, pvp, bauch, buik, leverprotocol, \
        upper abdomen, hepatique, hepatico, epatico, biliary";

pub(super) const ELSEWHERE: &str = "brain, head, kopf, schadel, schaedel, cerebral, cranial, cranium, neuro, hirn, \
        encephale, cerebro, encefalo, testa, cabeza, crane, hersenen, skull, flair, mprage, \
        bravo, swi, aa, tof, dti, fmri, bold, resting, asl, pcasl, hypophyse, pituitary, \
        spine, wirbelsaule, lws, bws, hws, lumbar, lspine, cspine, tspine, rachis, knee, \
        knie, genou, shoulder, schulter, breast, mamma, sein, prostate, prostata, pelvis, \
        becken, cardiac, heart, herz, wrist, ankle, hip, hufte, femur, rectum, rektum, \
        uterus, neck, hals, kidney, phantom, mag, fieldmap, field mapping";
