/** Rules as text: edited, checked, tried on what has been read lately, and saved or downloaded. */
import type { JSX } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import type { NamedRuleFile } from '../../../lib/operations/rule-file.ts'
import type { RuleFiles, RulesChecked, RulesSaved } from '../../api/alerts/rule-files.ts'
import { useParameter } from '../data/address.ts'
import { act, problemOf, useAnswer } from '../data/answers.ts'
import { saveBlob } from '../data/save-file.ts'
import { ConfirmButton } from '../parts/confirm.tsx'
import { Known } from '../parts/known.tsx'
import { countText } from '../parts/words.ts'
import { useSettled } from './hooks.ts'
import { Choice } from './list-filter.tsx'
import { TrialPart } from './trial.tsx'
import { placeIn } from './words.ts'

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
  const files = useAnswer<RuleFiles>('/alerts/rules/files')
  return (
    <Known of={files} what="the rule files">
      {known => <Editor known={known} again={files.again} />}
    </Known>
  )
}

interface Props {
  readonly known: RuleFiles
  readonly again: () => void
}

function Editor({ known, again }: Props): JSX.Element {
  const { files, canBeSaved, areInForce } = known
  const [chosen, choose] = useParameter('file', files[0]?.name ?? NEW)
  const [drafts, setDrafts] = useState<Readonly<Record<string, string>>>({})
  const [newName, setNewName] = useState('my-rules.yaml')
  const file = files.find(({ name }) => name === chosen)
  const text = drafts[chosen] ?? file?.text ?? TEMPLATE
  const name = file?.name ?? newName
  const isChanged = text !== (file?.text ?? '')
  const isDraft = (of: NamedRuleFile) => drafts[of.name] !== undefined && drafts[of.name] !== of.text
  const options = [
    ...files.map(of => [of.name, isDraft(of) ? `${of.name} (changed)` : of.name] as const),
    ...(canBeSaved ? [[NEW, 'a new file'] as const] : []),
  ]
  const saved = () => {
    // The text stays as it is until the file that has it now is read again.
    const { [NEW]: _, ...others } = drafts
    setDrafts({ ...others, [name]: text })
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
      <TextField name={name} text={text} set={changed => setDrafts({ ...drafts, [chosen]: changed })} />
      <p class="bar">
        {canBeSaved && (
          <SaveButton name={name} text={text} was={file?.hash ?? null} isChanged={isChanged} saved={saved} />
        )}
        <button
          type="button"
          class="secondary outline"
          onClick={() => saveBlob(new Blob([text], { type: 'application/yaml' }), name)}
        >
          Download
        </button>
        {isChanged && file && (
          <button
            type="button"
            class="secondary outline"
            onClick={() => setDrafts({ ...drafts, [chosen]: file.text })}
          >
            Undo the changes
          </button>
        )}
      </p>
      <TrialPart text={text} />
    </>
  )
}

function inForceText(canBeSaved: boolean, areInForce: boolean | null): string {
  if (!canBeSaved)
    return 'These are the rules in force. Rules of a deployment are changed in its project: try your text here, download it, and deploy.'
  if (areInForce === null)
    return 'These are the files of the rules folder. No rules are in force yet, or the files have errors.'
  return areInForce
    ? 'These are the files of the rules folder, and they are in force.'
    : 'These are the files of the rules folder. Other rules are in force: the folder has changed since, or this is not the folder that is running.'
}

interface TextProps {
  /** Of the file. */
  readonly name: string
  readonly text: string
  readonly set: (text: string) => void
}

/** Checked while one types, and every error leads to its place. */
function TextField({ name, text, set }: TextProps): JSX.Element {
  const field = useId()
  const area = useRef<HTMLTextAreaElement>(null)
  const { checked, problem } = useCheck(name, text)
  const errors = checked?.errors ?? []
  const goTo = (line: number, column: number) => {
    const at = placeIn(text, line, column)
    area.current?.focus()
    area.current?.setSelectionRange(at, at)
  }
  return (
    <div class="alerts-editor">
      <label for={field}>Text of {name}</label>
      <textarea
        id={field}
        ref={area}
        spellcheck={false}
        rows={Math.min(30, Math.max(12, text.split('\n').length + 1))}
        value={text}
        aria-invalid={errors.length > 0 ? 'true' : undefined}
        aria-describedby={`${field}-errors`}
        onInput={event => set(event.currentTarget.value)}
      />
      <div id={`${field}-errors`} role="status">
        {problem && <p class="bad">{problem}</p>}
        {checked && errors.length === 0 && (
          <p class="good">No errors; {countText(checked.rules, 'rule')} in all.</p>
        )}
        {errors.length > 0 && (
          <ul class="alerts-errors">
            {errors.map(({ file, line, column, rule, key, message }) => (
              <li key={`${file} ${line} ${column} ${key} ${message}`}>
                {file === name ? (
                  <button type="button" class="alerts-place" onClick={() => goTo(line, column)}>
                    line {line}, column {column}
                  </button>
                ) : (
                  `${file}, line ${line}, column ${column}`
                )}
                {': '}
                {[rule, key].filter(Boolean).join('.')} {message}
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  )
}

function useCheck(
  file: string,
  text: string,
): { readonly checked?: RulesChecked; readonly problem?: string } {
  const [known, setKnown] = useState<{ checked?: RulesChecked; problem?: string }>({})
  const settled = useSettled(text, 400)
  useEffect(() => {
    let isOld = false
    act<RulesChecked>('/alerts/rules/check', { file, text: settled }).then(
      checked => !isOld && setKnown({ checked }),
      error => !isOld && setKnown({ problem: problemOf(error).message }),
    )
    return () => {
      isOld = true
    }
  }, [file, settled])
  return known
}

interface SaveProps {
  readonly name: string
  readonly text: string
  readonly was: string | null
  readonly isChanged: boolean
  readonly saved: () => void
}

function SaveButton({ name, text, was, isChanged, saved }: SaveProps): JSX.Element {
  const save = async () => {
    const { errors, rules } = await act<RulesSaved>('/alerts/rules/file', { file: name, text, was }, 'PUT')
    const [first] = errors
    if (first)
      return `Nothing was saved: ${countText(errors.length, 'error')}, the first at line ${first.line} of ${first.file}.`
    saved()
    return `${name} is saved; ${countText(rules, 'rule')} in all. \`npm start\` puts them into force within seconds.`
  }
  return (
    <ConfirmButton label="Save" onConfirm={save} disabled={!isChanged}>
      <p>
        This writes <code>{name}</code> into the rules folder of this machine. If <code>npm start</code> runs,
        the rules are in force within seconds: alerts fire and resolve by them.
      </p>
    </ConfirmButton>
  )
}
