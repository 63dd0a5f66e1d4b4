/** The subjects of the schema registry; with `?subject=…`, one of them. */
import type { JSX } from 'preact'
import type { ListedSubject, SubjectsAnswer } from '../../api/kafka/schemas.ts'
import { addressOf, useParameter } from '../data/address.ts'
import { useAnswer } from '../data/answers.ts'
import { useEnvironment } from '../data/environment.ts'
import { Empty, Known } from '../parts/known.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { FindMore } from './parts.tsx'
import { OneSubject } from './subject.tsx'

export function Schemas(): JSX.Element {
  const [subject] = useParameter('subject')
  const { hasRegistry } = useEnvironment()
  if (!hasRegistry) return <NoRegistry />
  return subject ? <OneSubject key={subject} name={subject} /> : <AllSubjects />
}

function NoRegistry(): JSX.Element {
  return (
    <>
      <h2>Schemas</h2>
      <Empty>
        No schema registry is configured: data has the packaged schema of its event type.{' '}
        <code>npm start -- --registry</code> starts one; for another one, set <code>SCHEMA_REGISTRY_URL</code>
        .
      </Empty>
    </>
  )
}

function AllSubjects(): JSX.Element {
  const [find] = useParameter('find')
  const subjects = useAnswer<SubjectsAnswer>(addressOf('/kafka/schemas', { find }), { keep: true })
  return (
    <>
      <h2>Schemas</h2>
      <Known of={subjects} what="the subjects of the schema registry">
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
              empty="The registry has no schema yet: `sluice schemas register --yes` registers those that ship."
            />
          </>
        )}
      </Known>
    </>
  )
}

const COLUMNS: readonly Column<ListedSubject>[] = [
  {
    heading: 'Subject',
    cell: ({ subject }) => <a href={addressOf('/kafka/schemas', { subject })}>{subject}</a>,
    sortBy: ({ subject }) => subject,
  },
  {
    heading: 'Event type',
    cell: ({ shipped }) => (shipped ? <code>{shipped.type}</code> : 'not one of Sluice'),
    sortBy: ({ shipped }) => shipped?.type ?? '',
  },
  {
    heading: 'Format',
    cell: ({ shipped }) => shipped?.format ?? '–',
    sortBy: ({ shipped }) => shipped?.format ?? '',
  },
]
