/** Unsaved texts of rule files. */
import type { NamedRuleFile } from '../../../lib/operations/rule-file.ts'

export interface Draft {
  readonly text: string
  /** Version of the file on which the draft is based; absent for a new file. */
  readonly of: NamedRuleFile | undefined
}

/** Drafts by the name of the selected file. */
export type Drafts = Readonly<Record<string, Draft>>

export function isUnsaved({ text, of }: Draft): boolean {
  return text !== of?.text
}

/** Returns whether the file has been changed elsewhere since the user began to edit it. */
export function isOvertaken(draft: Draft | undefined, file: NamedRuleFile | undefined): boolean {
  return draft !== undefined && file !== undefined && isUnsaved(draft) && draft.of?.hash !== file.hash
}

/** Returns the drafts with the entered text. If the text equals the file's, the draft is removed. */
export function withText(
  drafts: Drafts,
  name: string,
  text: string,
  file: NamedRuleFile | undefined,
): Drafts {
  const draft = { text, of: name in drafts ? drafts[name]?.of : file }
  return isUnsaved(draft) ? { ...drafts, [name]: draft } : without(drafts, name)
}

/** Returns the drafts with the saved content, which is shown until the files are loaded again. */
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

/** Returns the drafts that were kept while the user visited another page. */
export function keptDrafts(): Drafts {
  return kept
}

/** Keeps the drafts while the user visits another page. The browser warns the user before unsaved drafts are lost. */
export function keepDrafts(drafts: Drafts): void {
  kept = drafts
  if (Object.values(drafts).some(isUnsaved)) addEventListener('beforeunload', warn)
  else removeEventListener('beforeunload', warn)
}

function warn(event: BeforeUnloadEvent): void {
  event.preventDefault()
}
