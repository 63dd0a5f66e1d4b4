/** Editor of alert rules: edit, check, test on recent readings, and save or download. */
import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { NamedRuleFile } from '../../../lib/operations/rule-file.ts'
import type { RuleFiles, RulesSaved } from '../../api/alerts/rule-files.ts'
import { useParameter } from '../data/address.ts'
import { act, useAnswer, useIsOperator } from '../data/answers.ts'
import { problemOf, RefusedByServer } from '../data/ask.ts'
import { saveBlob } from '../data/save-file.ts'
import { Choice, ConfirmButton } from '../parts/forms.tsx'
import { Known } from '../parts/known.tsx'
import { countText } from '../parts/words.ts'
import { BacktestPart } from './backtest.tsx'
import {
  type Drafts,
  isOvertaken,
  isUnsaved,
  keepDrafts,
  keptDrafts,
  unsavedOf,
  without,
  withSaved,
  withText,
} from './drafts.ts'
import { RulesText } from './rules-text.tsx'
import { TrialPart } from './trial.tsx'

const NEW = '+'
const TEMPLATE = `rules:
  - name: HOT_ROOM
    family: environment
    metric: temperature
    fireAbove: 30
    for: 5m
    severity: warning
`

export function RuleEditor(): JSX.Element {
  const files = useAnswer('/alerts/rules/files')
  return (
    <Known of={files} what="the rule files">
      {known => <Editor known={known} again={files.again} />}
    </Known>
  )
}

function Editor({ known, again }: { readonly known: RuleFiles; readonly again: () => void }): JSX.Element {
  const { files, canBeSaved, areInForce } = known
  const [chosen, choose] = useParameter('file', files[0]?.name ?? NEW)
  const [drafts, change] = useDrafts(known)
  const [newName, setNewName] = useState('my-rules.yaml')
  const file = files.find(({ name }) => name === chosen)
  const draft = drafts[chosen]
  const text = draft?.text ?? file?.text ?? TEMPLATE
  const name = file?.name ?? newName
  const isChanged = draft ? isUnsaved(draft) : !file
  const unsaved = unsavedOf(drafts)
  const isOperator = useIsOperator()
  const options = [
    ...files.map(of => [of.name, unsaved[of.name] ? `${of.name} (changed)` : of.name] as const),
    ...(canBeSaved ? [[NEW, 'a new file'] as const] : []),
  ]
  const undo = () => change(all => without(all, chosen))
  const saved = (as: NamedRuleFile) => {
    change(all => withSaved(all, chosen, as))
    again()
    if (!file) choose(name)
  }
  return (
    <>
      <p role="status">{inForceText(canBeSaved, areInForce)}</p>
      <div class="bar">
        <Choice label="File" value={file ? chosen : NEW} set={choose} options={options} />
        {!file && (
          <label>
            Its name
            <input value={newName} onInput={event => setNewName(event.currentTarget.value)} />
          </label>
        )}
      </div>
      <RulesText
        key={chosen}
        name={name}
        text={text}
        set={typed => change(all => withText(all, chosen, typed, file))}
      />
      {file && isOvertaken(draft, file) && (
        <Overtaken by={file} settle={() => change(all => ({ ...all, [chosen]: { text, of: file } }))} />
      )}
      <p class="bar">
        {canBeSaved && (
          <SaveButton
            name={name}
            text={text}
            was={file ? (draft?.of ?? file).hash : null}
            isChanged={isChanged}
            saved={saved}
            refused={again}
          />
        )}
        <button
          type="button"
          class="secondary outline"
          onClick={() => saveBlob(new Blob([text], { type: 'application/yaml' }), name)}
        >
          Download
        </button>
        {isChanged && file && (
          <button type="button" class="secondary outline" onClick={undo}>
            Undo changes
          </button>
        )}
      </p>
      {isOperator ? (
        <>
          <TrialPart text={text} />
          <BacktestPart text={text} />
        </>
      ) : (
        <p>Editing, checking and trying rules requires the operator role. You are signed in as a viewer.</p>
      )}
    </>
  )
}

/**
 * Returns the drafts and a function that changes them. When the files are loaded again, each draft keeps the version on which it is
 * based, so that saving never overwrites a change that the user has not seen.
 */
function useDrafts(known: RuleFiles): [Drafts, (by: (drafts: Drafts) => Drafts) => void] {
  const [drafts, set] = useState(keptDrafts)
  const change = (by: (drafts: Drafts) => Drafts) => {
    keepDrafts(by(keptDrafts()))
    set(keptDrafts())
  }
  // The files that were loaded again contain the saved drafts, so these drafts can be removed.
  useEffect(() => change(unsavedOf), [known])
  return [drafts, change]
}

function inForceText(canBeSaved: boolean, areInForce: boolean | null): string {
  if (!canBeSaved)
    return 'These rules are active. To change the rules of a deployed environment, try your text here, download it, and deploy it from its project.'
  if (areInForce === null)
    return 'These are the saved files of the rules folder. No rules are active yet, or the files have errors.'
  return areInForce
    ? 'The files of the rules folder, which are active.'
    : 'The files of the rules folder. Other rules are active, because the files have changed, or because the functions use another folder.'
}

interface SaveProps {
  readonly name: string
  readonly text: string
  readonly was: string | null
  readonly isChanged: boolean
  readonly saved: (as: NamedRuleFile) => void
  /** Called if saving is rejected because another user has changed the file. */
  readonly refused: () => void
}

function SaveButton({ name, text, was, isChanged, saved, refused }: SaveProps): JSX.Element {
  const save = async () => {
    const asked = act('PUT /alerts/rules/file', { file: name, text, was })
    const { file, errors, rules } = await asked.catch(error => {
      if (problemOf(error).code === 'conflict') refused()
      throw error
    })
    if (file === null) throw new RefusedByServer({ code: 'bad-request', message: notSavedText(errors) })
    saved(file)
    return `${name} is saved. All files together have ${countText(rules, 'rule')}. \`npm start\` activates them within seconds.`
  }
  return (
    <ConfirmButton label="Save" onConfirm={save} disabled={!isChanged}>
      <p>
        This writes <code>{name}</code> to the rules folder of this machine. If <code>npm start</code> is
        running, the rules become active within seconds, and alerts fire and resolve accordingly.
      </p>
    </ConfirmButton>
  )
}

function notSavedText(errors: RulesSaved['errors']): string {
  const [first] = errors
  const where = first ? `, the first at line ${first.line} of ${first.file}` : ''
  return `Nothing was saved: ${countText(errors.length, 'error')}${where}.`
}

interface OvertakenProps {
  readonly by: NamedRuleFile
  readonly settle: () => void
}

function Overtaken({ by: { name, text }, settle }: OvertakenProps): JSX.Element {
  return (
    <section aria-label="Changed meanwhile">
      <p class="warn" role="status">
        {name} has changed since you began to edit it. Merge its text with yours, or undo your changes.
      </p>
      <details>
        <summary>Its text now</summary>
        <pre>{text}</pre>
      </details>
      <button type="button" class="secondary outline" onClick={settle}>
        My text has both
      </button>
    </section>
  )
}
