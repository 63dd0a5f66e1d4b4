/** Page on which a text of alert rules is evaluated on past readings. It begins with the text of a rule file. */
import type { JSX } from 'preact'
import { useId, useState } from 'preact/hooks'
import type { Answers } from '../../api/all-routes.ts'
import { useAnswer, useIsOperator } from '../client/api-queries.ts'
import { useParameter } from '../client/url-parameters.ts'
import { AnswerView } from '../components/answer-view.tsx'
import { Choice } from '../components/form-fields.tsx'
import { TrialPart } from './rule-trial-result.tsx'

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
