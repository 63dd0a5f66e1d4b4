/** Button that opens the plan of a redrive or a drop. */
import type { JSX } from 'preact'
import { useAskForPlan } from './plan-dialog.tsx'
import { type Command, WORDS } from './words.ts'

interface Props {
  readonly command: Command
  /** Positions of the selected dead letters. */
  readonly ats?: readonly string[]
  /** Returns conditions that select dead letters. It is called when the button is clicked. */
  readonly filter?: () => Readonly<Record<string, string | number>>
  /** Text that follows the verb in the button's label. */
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
