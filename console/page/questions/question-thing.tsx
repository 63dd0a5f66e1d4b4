/** Page of one thing: facts about it, and the tables of its sections. Everything follows from its description. */
import type { ComponentChildren, JSX } from 'preact'
import { useContext } from 'preact/hooks'
import { divideFacts } from '../../../lib/questions/column.ts'
import type { Section } from '../../../lib/questions/question.ts'
import type { Content } from '../../../lib/support/content.ts'
import type { ShownQuestion } from '../../api/questions.ts'
import { type QueryName, useLive } from '../client/api-queries.ts'
import { AnswerView, Warning } from '../components/answer-view.tsx'
import { Bytes } from '../components/bytes.tsx'
import { DataTable } from '../components/data-table.tsx'
import { Facts, Text } from '../components/facts.tsx'
import { Cell, toTableColumns } from './cells.tsx'
import { type AnyAnswer, QuestionsContext, type Row } from './question-list.tsx'

type Actions = Readonly<Record<string, (row: Row, thing: Row) => ComponentChildren>>

interface Props {
  readonly path: QueryName
  /** Names the thing. */
  readonly filter: Readonly<Record<string, string>>
  /** Page of the list to which the link at the top leads, and its text. */
  readonly back: readonly [path: string, text: string]
  /** Buttons of the rows of sections, by the member of the section. They receive the row, and the thing. */
  readonly actions?: Actions | undefined
  /** Shown between the facts and the sections, for what data cannot say. */
  readonly children?: ((row: Row) => ComponentChildren) | undefined
}

/** Shows one thing, with updates. */
export function QuestionThing({ path, filter, back: [href, text], actions, children }: Props): JSX.Element {
  const question = useContext(QuestionsContext)?.[path]
  const answer = useLive(path, filter)
  return (
    <>
      <p class="back">
        <a href={href}>{text}</a>
      </p>
      {question && (
        <AnswerView
          of={answer as ReturnType<typeof useLive> & { answer: AnyAnswer }}
          what={`the ${question.title.toLowerCase()}`}
        >
          {({ rows, notes }) => (
            <>
              {notes.map(note => (
                <Warning key={note}>{note}</Warning>
              ))}
              {rows.map(row => (
                <Thing key={String(row[question.key])} question={question} row={row} actions={actions}>
                  {children?.(row)}
                </Thing>
              ))}
            </>
          )}
        </AnswerView>
      )}
    </>
  )
}

interface ThingProps {
  readonly question: ShownQuestion
  readonly row: Row
  readonly actions: Actions | undefined
  readonly children: ComponentChildren
}

function Thing({ question: { key, columns, sections }, row, actions, children }: ThingProps): JSX.Element {
  const { facts, blocks } = divideFacts(columns, row, 'page')
  return (
    <>
      <h2 class="breaks">{String(row[key])}</h2>
      <Facts
        areBeside
        of={facts.map(column => [column.heading, <Cell key={column.of} column={column} row={row} />])}
      />
      {children}
      {blocks.map(({ of, heading, type }) =>
        type === 'content' ? (
          <Bytes key={of} title={heading} content={row[of] as Content} isOpen />
        ) : (
          <details key={of}>
            <summary>{heading}</summary>
            <Text>{String(row[of])}</Text>
          </details>
        ),
      )}
      {sections.map(section => (
        <SectionTable
          key={section.of}
          section={section}
          rows={row[section.of] as readonly Row[] | null}
          action={actions?.[section.of] && (of => actions[section.of]?.(of, row))}
        />
      ))}
    </>
  )
}

interface SectionProps {
  readonly section: Section
  readonly rows: readonly Row[] | null
  readonly action: ((row: Row) => ComponentChildren) | undefined
}

function SectionTable({ section, rows, action }: SectionProps): JSX.Element | null {
  const { of, title, key, columns, empty, only } = section
  if (rows === null || only === 'terminal') return null
  const table = (
    <DataTable
      name={of}
      caption={title.toLowerCase()}
      columns={[...toTableColumns(columns), ...(action ? [{ heading: '', cell: action }] : [])]}
      rows={rows}
      getKey={row => String(row[key])}
      empty={empty}
      pageSize={50}
    />
  )
  if (only === 'page')
    return (
      <details>
        <summary>
          {title} ({rows.length})
        </summary>
        {table}
      </details>
    )
  return (
    <section aria-label={title}>
      <h3>{title}</h3>
      {table}
    </section>
  )
}
