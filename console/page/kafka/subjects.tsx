/** Subjects of the schema registry, with their versions. */
import type { JSX } from 'preact'
import type { ListedSubject } from '../../api/kafka/subjects.ts'
import { SingleAnswer } from '../components/answer-view.tsx'
import { type Column, DataTable, textColumn } from '../components/data-table.tsx'
import { formatRanges } from './kafka-texts.ts'

/** Shows nothing if no registry is configured. */
export function Subjects(): JSX.Element {
  return (
    <SingleAnswer path="/kafka/subjects" what="the subjects of the schema registry">
      {({ registry, subjects }) =>
        registry !== null && (
          <>
            <h2>Subjects</h2>
            <p>
              Schemas of the registry at <code>{registry}</code>.
            </p>
            <DataTable
              name="subjects"
              caption="subjects"
              columns={COLUMNS}
              rows={subjects}
              getKey={({ subject }) => subject}
              getText={({ subject }) => subject}
              empty="The registry has no schemas. `sluice schemas register` registers those of Sluice."
            />
          </>
        )
      }
    </SingleAnswer>
  )
}

const COLUMNS: readonly Column<ListedSubject>[] = [
  textColumn('Subject', ({ subject }) => subject),
  textColumn('Versions', ({ versions }) => versions && formatRanges(versions), 'not known'),
]
