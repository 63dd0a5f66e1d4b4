/** One subject of the schema registry: its versions, the text of one, and what has changed with it. */
import type { JSX } from 'preact'
import { useId } from 'preact/hooks'
import type { SubjectAnswer } from '../../api/kafka/schemas.ts'
import { addressOf, useParameter } from '../data/address.ts'
import { useAnswer } from '../data/answers.ts'
import { Empty, Known } from '../parts/known.tsx'
import { Fact, Facts } from './parts.tsx'
import { ruleText, schemaText } from './texts.ts'

export function OneSubject({ name }: { readonly name: string }): JSX.Element {
  const [version, setVersion] = useParameter('version')
  const subject = useAnswer<SubjectAnswer>(addressOf('/kafka/schemas/one', { name, version }), { keep: true })
  return (
    <>
      <p class="kafka-back">
        <a href="/kafka/schemas">All subjects</a>
      </p>
      <h2 class="kafka-name">{name}</h2>
      <Known of={subject} what="the schema">
        {found => <Found subject={found} chosen={version} choose={setVersion} />}
      </Known>
    </>
  )
}

interface FoundProps {
  readonly subject: SubjectAnswer
  /** Empty for the last one. While its answer is on its way, the one before it is shown. */
  readonly chosen: string
  readonly choose: (version: string) => void
}

function Found({
  subject: { shown, versions, rule, shipped, before, changes },
  chosen,
  choose,
}: FoundProps): JSX.Element {
  const id = useId()
  return (
    <>
      <Facts>
        <Fact name="Format">{shown.format}</Fact>
        <Fact name="Schema id">{shown.id}</Fact>
        <Fact name="Compatibility">{ruleText(rule)}</Fact>
        {shipped && (
          <Fact name="Event type">
            <code>{shipped.type}</code>
          </Fact>
        )}
      </Facts>
      <div class="kafka-find">
        <label for={id}>Version</label>
        <select
          id={id}
          value={chosen || String(versions.at(-1) ?? shown.version)}
          onChange={event => choose(event.currentTarget.value)}
        >
          {versions.toReversed().map(version => (
            <option key={version} value={String(version)}>
              {version}
              {version === versions.at(-1) ? ' (last)' : ''}
            </option>
          ))}
        </select>
      </div>
      <h3>Version {shown.version}</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it with the arrow keys */}
      <pre class="kafka-text" tabIndex={0}>
        {schemaText(shown.text)}
      </pre>
      {before !== null && <Changes before={before} changes={changes} />}
    </>
  )
}

const SIGNS = { '+': 'kafka-added', '-': 'kafka-removed', ' ': undefined } as const

function Changes({
  before,
  changes,
}: { readonly before: number } & Pick<SubjectAnswer, 'changes'>): JSX.Element {
  return (
    <section aria-label="Changes">
      <h3>Changed since version {before}</h3>
      {changes === null && <Empty>The texts are too long to be compared here.</Empty>}
      {changes?.length === 0 && <Empty>Nothing but documentation and order.</Empty>}
      {changes && changes.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it with the arrow keys
        <pre class="kafka-text" tabIndex={0}>
          {changes.map(({ sign, text }, line) => (
            <span key={line} class={SIGNS[sign]}>
              {`${sign} ${text}\n`}
            </span>
          ))}
        </pre>
      )}
    </section>
  )
}
