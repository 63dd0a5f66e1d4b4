/** Page on which a text of alert rules is evaluated on past readings. It begins with the active rules. */
import type { JSX } from 'preact'
import { useId, useState } from 'preact/hooks'
import { useAnswer, useIsOperator } from '../data/answers.ts'
import { Known } from '../parts/known.tsx'
import { BacktestPart } from './backtest.tsx'
import { TrialPart } from './trial.tsx'

export function TryRules(): JSX.Element {
  const active = useAnswer('/alerts/rules/text')
  return (
    <Known of={active} what="the active rules">
      {({ text }) => <TriedText active={text} />}
    </Known>
  )
}

function TriedText({ active }: { readonly active: string }): JSX.Element {
  const field = useId()
  const [text, setText] = useState(active)
  if (!useIsOperator()) return <p>Trying rules requires the operator role. You are signed in as a viewer.</p>
  return (
    <>
      <p>
        The active rules, to change and try here. Nothing is saved: change the files of the rules folder in an
        editor. <code>npm start</code> activates them when they are saved.
      </p>
      <div class="alerts-text">
        <label for={field}>Text of the rules</label>
        <textarea
          id={field}
          spellcheck={false}
          rows={Math.min(30, Math.max(12, text.split('\n').length + 1))}
          value={text}
          onInput={event => setText(event.currentTarget.value)}
        />
      </div>
      <TrialPart text={text} />
      <BacktestPart text={text} />
    </>
  )
}
