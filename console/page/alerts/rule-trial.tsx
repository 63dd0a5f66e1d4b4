/** Page on which a text of alert rules is evaluated on past readings. It begins with the text of a rule file. */
import type { JSX } from 'preact'
import { useId, useState } from 'preact/hooks'
import type { RuleTrialAnswer } from '../../api/alerts/rule-trial.ts'
import type { Answers } from '../../api/all-routes.ts'
import { makeChange, useAnswer, useIsOperator } from '../client/api-queries.ts'
import { useParameter } from '../client/url-parameters.ts'
import { AnswerView } from '../components/answer-view.tsx'
import { Outcome, useAction } from '../components/change-button.tsx'
import { Choice } from '../components/form-fields.tsx'
import { TrialResult } from './rule-trial-result.tsx'

type Files = Answers['/alerts/rules/files']['files']

export function TryRules(): JSX.Element {
  const answer = useAnswer('/alerts/rules/files')
  if (!useIsOperator()) return <p>Trying rules requires the operator role. You are signed in as a viewer.</p>
  return (
    <AnswerView of={answer} what="the rule files">
      {({ files }) => <FileChoice files={files} />}
    </AnswerView>
  )
}

function FileChoice({ files }: { readonly files: Files }): JSX.Element {
  const [chosen, choose] = useParameter('file', files[0]?.name)
  const file = files.find(({ name }) => name === chosen)
  return (
    <>
      <p>
        Change a text and try it. Nothing is saved: write rules in an editor. <code>npm start</code> activates
        the files of the rules folder when they are saved.
      </p>
      <Choice
        label="Start with"
        value={chosen}
        set={choose}
        options={files.map(({ name }) => [name, name] as const)}
      />
      <RuleEditor key={chosen} of={file?.text ?? ''} />
    </>
  )
}

function RuleEditor({ of }: { readonly of: string }): JSX.Element {
  const field = useId()
  const [text, setText] = useState(of)
  return (
    <>
      <label for={field}>Text of the rules</label>
      <textarea
        id={field}
        class="code"
        spellcheck={false}
        rows={Math.min(30, Math.max(12, text.split('\n').length + 1))}
        value={text}
        onInput={event => setText(event.currentTarget.value)}
      />
      <TrialPart text={text} />
    </>
  )
}

const HOURS = [
  ['1', '1 hour'],
  ['6', '6 hours'],
  ['24', '1 day'],
  ['168', '7 days'],
  ['720', '30 days'],
  ['2160', '90 days'],
] as const

function TrialPart({ text }: { readonly text: string }): JSX.Element {
  const [hours, setHours] = useState('1')
  const [entity, setEntity] = useState('')
  const [trial, setTrial] = useState<{ readonly of: string; readonly answer: RuleTrialAnswer }>()
  const { isBusy, result, run } = useAction(async () => {
    const answer = await makeChange('POST /alerts/rules/try', { text, hours: Number(hours), entity })
    setTrial({ of: text, answer })
    return undefined
  })
  return (
    <section aria-label="Try it">
      <h2>Try it on what has been read</h2>
      <p>
        Evaluates this text on the readings of the past, without publishing anything. The state before the
        first of them is unknown, so a long <code>for</code>, a change or a deviation may fire late at first.
      </p>
      <form class="bar" onSubmit={run} aria-label="Try it">
        <Choice label="Readings of the last" value={hours} set={setHours} options={HOURS} />
        <label>
          Only entities with
          <input
            type="search"
            value={entity}
            placeholder="oslo, or pump-1"
            onInput={event => setEntity(event.currentTarget.value)}
          />
        </label>
        <button type="submit" aria-busy={isBusy} disabled={isBusy}>
          Try
        </button>
      </form>
      <Outcome of={result} />
      {trial && (
        <>
          {trial.of !== text && <p class="warn">The text has changed since: try it again.</p>}
          <TrialResult trial={trial.answer} />
        </>
      )}
    </section>
  )
}
