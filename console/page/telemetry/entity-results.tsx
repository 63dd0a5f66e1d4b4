/** What other consumers know of an entity: rows of tables, and dead letters. */

import type { JSX } from 'preact'
import { buildAddress } from '../client/address.ts'
import { useLive } from '../client/api-queries.ts'
import { AnswerView } from '../components/answer-view.tsx'
import { formatCount } from '../components/value-texts.ts'
import { LetterTable } from '../failures/dead-letter-list.tsx'
import { RowTable } from '../sql-tables/sql-tables.tsx'

/** Maximum number of tables that are searched, because each is a query. */
const MAX_TABLES = 10

/** Shows the rows whose key is the entity's subject, in each table that has any. */
export function EntityTables({ subject }: { readonly subject: string }): JSX.Element {
  const { answer } = useLive('/tables')
  const names = answer?.tables.flatMap(({ name, isBuilding }) => (isBuilding ? [] : [name])) ?? []
  return (
    <>
      {names.slice(0, MAX_TABLES).map(name => (
        <RowsOfEntity key={name} table={name} subject={subject} />
      ))}
    </>
  )
}

interface RowsProps {
  readonly table: string
  readonly subject: string
}

function RowsOfEntity({ table, subject }: RowsProps): JSX.Element | null {
  const { answer } = useLive('/tables/rows', { table, key: subject })
  // The query also finds keys that contain the subject.
  const keys = answer?.columns.filter(({ isKey }) => isKey) ?? []
  const rows = answer?.rows.filter(({ values }) => keys.some(({ name }) => values[name] === subject)) ?? []
  if (!answer || rows.length === 0) return null
  return (
    <section>
      <h2>
        Table <a href={buildAddress('/tables', { table, key: subject })}>{table}</a>
      </h2>
      <RowTable name={`rows.${table}`} table={table} answer={{ ...answer, rows }} />
    </section>
  )
}

export function EntityDeadLetters({ entity }: { readonly entity: string }): JSX.Element {
  const answer = useLive('/failures', { entity, state: 'open' })
  return (
    <section>
      <h2>Dead letters</h2>
      <AnswerView of={answer} what="the dead letters">
        {({ letters, total }) => (
          <>
            <LetterTable letters={letters} empty="It has no open dead letters." />
            {total > 0 && (
              <p>
                <a href={buildAddress('/failures', { entity })}>
                  Redrive or drop {formatCount(total, 'dead letter')}
                </a>
              </p>
            )}
          </>
        )}
      </AnswerView>
    </section>
  )
}
