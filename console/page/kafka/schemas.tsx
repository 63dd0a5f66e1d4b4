/** Subjects of the schema registry, or one subject with its versions. */
import type { JSX } from 'preact'
import { useId } from 'preact/hooks'
import type { ListedSubject, SubjectAnswer } from '../../api/kafka/schemas.ts'
import { addressOf, useParameter } from '../data/address.ts'
import { useEnvironment } from '../data/answers.ts'
import { Facts, Text } from '../parts/facts.tsx'
import { Empty, Once } from '../parts/known.tsx'
import { type Column, column, linkColumn, Table, textColumn } from '../parts/table.tsx'
import { FindMore, OneThing } from './parts.tsx'
import { ruleText, schemaText } from './texts.ts'

export function Schemas(): JSX.Element {
  const [find] = useParameter('find')
  const { hasRegistry } = useEnvironment()
  return (
    <>
      <h2>Schemas</h2>
      {hasRegistry ? (
        <Once path="/kafka/schemas" query={{ find }} keep what="the subjects of the schema registry">
          {found => (
            <>
              <p>
                Subjects of the schema registry at <code>{found.registry}</code>.
              </p>
              <FindMore more={found.more} one="subject" />
              <Table
                name="subjects"
                caption="subjects"
                columns={COLUMNS}
                rows={found.subjects}
                keyOf={({ subject }) => subject}
                textOf={({ subject }) => subject}
                empty="The registry has no schemas yet. Run `sluice schemas register --yes` to register those that ship with Sluice."
              />
            </>
          )}
        </Once>
      ) : (
        <Empty>
          No schema registry is configured, so data is validated against the packaged schema of its event
          type. <code>npm start -- --registry</code> starts one; for another one, set{' '}
          <code>SCHEMA_REGISTRY_URL</code>.
        </Empty>
      )}
    </>
  )
}

const COLUMNS: readonly Column<ListedSubject>[] = [
  linkColumn(
    'Subject',
    ({ subject }) => subject,
    ({ subject }) => addressOf('/kafka/schemas', { subject }),
  ),
  column(
    'Event type',
    ({ shipped }) => (shipped ? <code>{shipped.type}</code> : 'not one of Sluice'),
    ({ shipped }) => shipped?.type ?? '',
  ),
  textColumn('Format', ({ shipped }) => shipped?.format),
]

export function OneSubject({ name }: { readonly name: string }): JSX.Element {
  const [version, setVersion] = useParameter('version')
  const { hasRegistry } = useEnvironment()
  if (!hasRegistry) return <Schemas />
  return (
    <OneThing name={name} all="All subjects" at="/kafka/schemas">
      <Once path="/kafka/schemas/one" query={{ name, version }} keep what="the schema">
        {found => <Found subject={found} chosen={version} choose={setVersion} />}
      </Once>
    </OneThing>
  )
}

interface FoundProps {
  readonly subject: SubjectAnswer
  /** Selected version; empty for the latest. The previous selection is shown until the new version is loaded. */
  readonly chosen: string
  readonly choose: (version: string) => void
}

function Found({ subject, chosen, choose }: FoundProps): JSX.Element {
  const { shown, versions, rule, shipped } = subject
  const id = useId()
  return (
    <>
      <Facts
        areBeside
        of={[
          ['Format', shown.format],
          ['Schema id', shown.id],
          ['Compatibility', ruleText(rule)],
          shipped && ['Event type', <code key="type">{shipped.type}</code>],
        ]}
      />
      <div class="row">
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
      <Text>{schemaText(shown.text)}</Text>
    </>
  )
}
