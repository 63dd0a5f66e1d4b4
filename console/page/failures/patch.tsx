/** Redrives one dead letter with a patched event. */
import type { JSX } from 'preact'
import { useId, useState } from 'preact/hooks'
import { useAskForPlan } from './plan-dialog.tsx'

export function PatchForm({ at }: { readonly at: string }): JSX.Element {
  const id = useId()
  const askForPlan = useAskForPlan()
  const [patch, setPatch] = useState('{ "data": {} }')
  return (
    <details>
      <summary>Change the event before it is redriven</summary>
      <label for={id}>Patch (JSON)</label>
      <textarea
        id={id}
        class="mono"
        rows={4}
        spellcheck={false}
        aria-describedby={`${id}-help`}
        value={patch}
        onInput={event => setPatch(event.currentTarget.value)}
      />
      <p id={`${id}-help`} class="muted">
        A JSON merge patch of the event: members replace those of the event, and null removes them. With
        "specversion", it is a whole event in its place. Source and subject stay.
      </p>
      <button type="button" onClick={() => askForPlan({ command: 'redrive', ats: [at], patch })}>
        Redrive with this patch
      </button>
    </details>
  )
}
