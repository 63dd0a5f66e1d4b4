/** Saves the text of a rule file, unless somebody else has changed the file meanwhile. */
import type { JSX } from 'preact'
import type { NamedRuleFile } from '../../../lib/operations/rule-file.ts'
import type { RulesSaved } from '../../api/alerts/rule-files.ts'
import { act, problemOf, RefusedByServer } from '../data/answers.ts'
import { ConfirmButton } from '../parts/confirm.tsx'
import { countText } from '../parts/words.ts'

interface SaveProps {
  readonly name: string
  readonly text: string
  readonly was: string | null
  readonly isChanged: boolean
  readonly saved: (as: NamedRuleFile) => void
  /** Somebody else has changed the file. */
  readonly refused: () => void
}

export function SaveButton({ name, text, was, isChanged, saved, refused }: SaveProps): JSX.Element {
  const save = async () => {
    const asked = act<RulesSaved>('/alerts/rules/file', { file: name, text, was }, 'PUT')
    const { file, errors, rules } = await asked.catch(error => {
      if (problemOf(error).code === 'conflict') refused()
      throw error
    })
    if (file === null) throw new RefusedByServer({ code: 'bad-request', message: notSavedText(errors) })
    saved(file)
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

function notSavedText(errors: RulesSaved['errors']): string {
  const [first] = errors
  const where = first ? `, the first at line ${first.line} of ${first.file}` : ''
  return `Nothing was saved: ${countText(errors.length, 'error')}${where}.`
}

interface OvertakenProps {
  readonly by: NamedRuleFile
  readonly settle: () => void
}

export function Overtaken({ by: { name, text }, settle }: OvertakenProps): JSX.Element {
  return (
    <section aria-label="Changed meanwhile">
      <p class="warn" role="status">
        {name} has been changed since you began. Bring its text and yours together, or undo your changes.
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
