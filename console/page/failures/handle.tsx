/** A button that asks what a redrive or a drop of dead letters would do. */
import type { JSX } from 'preact'
import { useAskForPlan } from './plan-dialog.tsx'
import { type Command, WORDS } from './words.ts'

interface Props {
  readonly command: Command
  /** Selected dead letters, one by one. */
  readonly ats?: readonly string[]
  /** Or conditions that say which, as they are when the person asks. */
  readonly filter?: () => Readonly<Record<string, string | number>>
  /** Follows the verb on the button. */
  readonly what: string
}

export function Handle({ command, ats = [], filter, what }: Props): JSX.Element {
  const askForPlan = useAskForPlan()
  const ask = () => askForPlan({ command, ats, ...(filter ? { filter: filter() } : {}) })
  return (
    <button type="button" class={command === 'drop' ? 'secondary' : ''} onClick={ask}>
      {WORDS[command].does} {what}
    </button>
  )
}
