/** Texts of rule files that a person is editing. */
import type { NamedRuleFile } from '../../../lib/operations/rule-file.ts'

export interface Draft {
  readonly text: string
  /** The file as it was when the person began; absent for a new one. */
  readonly of: NamedRuleFile | undefined
}

/** Drafts by the name of the chosen file. */
export type Drafts = Readonly<Record<string, Draft>>

export function isUnsaved({ text, of }: Draft): boolean {
  return text !== of?.text
}

/** Returns whether the file was changed by another person since the draft began. */
export function isOvertaken(draft: Draft | undefined, file: NamedRuleFile | undefined): boolean {
  return draft !== undefined && file !== undefined && isUnsaved(draft) && draft.of?.hash !== file.hash
}

/** Returns the drafts with the typed text. A text equal to the file's removes the draft. */
export function withText(
  drafts: Drafts,
  name: string,
  text: string,
  file: NamedRuleFile | undefined,
): Drafts {
  const draft = { text, of: name in drafts ? drafts[name]?.of : file }
  return isUnsaved(draft) ? { ...drafts, [name]: draft } : without(drafts, name)
}

/** Returns the drafts with the saved contents of a file, which the page shows until the files are read again. */
export function withSaved(drafts: Drafts, chosen: string, file: NamedRuleFile): Drafts {
  return { ...without(drafts, chosen), [file.name]: { text: file.text, of: file } }
}

export function without(drafts: Drafts, name: string): Drafts {
  const { [name]: _, ...others } = drafts
  return others
}

export function unsavedOf(drafts: Drafts): Drafts {
  return Object.fromEntries(Object.entries(drafts).filter(([, draft]) => isUnsaved(draft)))
}

let kept: Drafts = {}

/** Keeps the drafts during a visit to another page of the console. */
export function keptDrafts(): Drafts {
  return kept
}

/** The browser warns before they are lost. */
export function keepDrafts(drafts: Drafts): void {
  kept = drafts
  if (Object.values(drafts).some(isUnsaved)) addEventListener('beforeunload', warn)
  else removeEventListener('beforeunload', warn)
}

function warn(event: BeforeUnloadEvent): void {
  event.preventDefault()
}
