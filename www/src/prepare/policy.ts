/**
 * The ten options of PS3.15 Table E.1-1 (2024b), in plain words, and how this version's output
 * stands to each: NIfTI and sidecars are written from an allow-list, which fixes all but the dates.
 */
import type { DatePolicy } from "../engine/protocol";

export interface PolicyOption {
  id: string;
  /** Plain words. */
  label: string;
  /** The standard's term, and its limit here. */
  term: string;
  consequence: string;
  on(dates: DatePolicy): boolean;
}

const always = (): boolean => true;
const never = (): boolean => false;

export const OPTIONS: PolicyOption[] = [
  {
    id: "patient",
    label: "Keep patient’s sex and age band",
    term: "Retain Patient Characteristics; ages over 89 capped",
    consequence: "Sex and age stand in participants.tsv; ages over 89 are written as one group.",
    on: always,
  },
  {
    id: "device",
    label: "Keep scanner make and model",
    term: "Retain Device Identity, without serial and station",
    consequence: "Sidecars name manufacturer, model and field strength; never a serial number or station.",
    on: always,
  },
  {
    id: "institution",
    label: "Keep institution",
    term: "Retain Institution Identity",
    consequence: "No institution, department or address is written.",
    on: never,
  },
  {
    id: "uids",
    label: "Keep original UIDs",
    term: "Retain UIDs",
    consequence: "No UID is written; which files made a volume is kept as a mark under the project key.",
    on: never,
  },
  {
    id: "full-dates",
    label: "Keep real dates",
    term: "Retain Longitudinal Temporal Information, Full Dates",
    consequence: "As chosen below, under Dates.",
    on: (dates) => dates === "keep",
  },
  {
    id: "modified-dates",
    label: "Keep shifted dates",
    term: "Retain Longitudinal Temporal Information, Modified Dates",
    consequence: "As chosen below, under Dates.",
    on: (dates) => dates === "shift",
  },
  {
    id: "private",
    label: "Keep safe private elements",
    term: "Retain Safe Private",
    consequence: "Private elements are read for conversion and not written.",
    on: never,
  },
  {
    id: "descriptors",
    label: "Clean descriptions",
    term: "Clean Descriptors",
    consequence: "Descriptions are not written; the role stands in their place.",
    on: always,
  },
  {
    id: "structured",
    label: "Clean structured content",
    term: "Clean Structured Content",
    consequence: "Reports and other structured content are left out.",
    on: always,
  },
  {
    id: "graphics",
    label: "Clean graphics",
    term: "Clean Graphics",
    consequence: "Overlays and curves are left out.",
    on: always,
  },
];
