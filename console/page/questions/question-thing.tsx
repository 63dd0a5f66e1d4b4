/** Page of one thing: facts about it, and the tables of its sections. Everything follows from its description. */
import type { ComponentChildren, JSX } from 'preact'
import { divideFacts } from '../../../control/questions/column.ts'
import type { Section, WithLists } from '../../../control/questions/question.ts'
import type { Content } from '../../../lib/support/content.ts'
import type {
  QuestionLists,
  QuestionPath,
  QuestionRows,
  QuestionTexts,
  ShownQuestion,
} from '../../api/questions.ts'
import { AnswerView, Warning } from '../components/answer-view.tsx'
import { Bytes } from '../components/bytes.tsx'
import { DataTable } from '../components/data-table.tsx'
import { Facts, Text } from '../components/facts.tsx'
import { Cell, toTable } from './cells.tsx'
import { useQuestion } from './question-list.tsx'

type Action<Item, Row> = ((item: Item, thing: Row) => ComponentChildren) | undefined
type Actions<Row, Lists> = { readonly [Member in keyof Lists]?: Action<Lists[Member], Row> }

interface Props<Path extends QuestionPath> {
  readonly path: Path
  /** Names the thing. */
  readonly filter: QuestionTexts[Path]
  /** Page of the list to which the link at the top leads, and its text. */
  readonly back: readonly [path: string, text: string]
  /** Buttons of the rows of sections, by the member of the section. They receive the row, and the thing. */
  readonly actions?: Actions<QuestionRows[Path], QuestionLists[Path]> | undefined
  /** Shown between the facts and the sections, for what data cannot say. */
  readonly children?: ((row: QuestionRows[Path]) => ComponentChildren) | undefined
}

/** Shows one thing, with updates. */
export function QuestionThing<Path extends QuestionPath>(props: Props<Path>): JSX.Element {
  const [href, text] = props.back
  const { question, answer } = useQuestion(props.path, props.filter)
  return (
    <>
      <p class="back">
        <a href={href}>{text}</a>
      </p>
      {question && (
        <AnswerView of={answer} what={`the ${question.title.toLowerCase()}`}>
          {({ rows, notes }) => (
            <>
              {notes.map(note => (
                <Warning key={note}>{note}</Warning>
              ))}
              {rows.map(row => (
                <Thing
                  key={String(row[question.key])}
                  question={question}
                  row={row}
                  lists={row}
                  actions={props.actions}
                >
                  {props.children?.(row)}
                </Thing>
              ))}
            </>
          )}
        </AnswerView>
      )}
    </>
  )
}

interface ThingProps<Row, Lists> {
  readonly question: ShownQuestion<Row, Lists>
  readonly row: Row
  readonly lists: WithLists<Lists>
  readonly actions: Actions<Row, Lists> | undefined
  readonly children: ComponentChildren
}

function Thing<Row, Lists>({ row, lists, actions, children, ...of }: ThingProps<Row, Lists>): JSX.Element {
  const { key, columns, sections } = of.question
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
          lists={lists}
          action={actions?.[section.of]}
          thing={row}
        />
      ))}
    </>
  )
}

interface SectionProps<Row, Lists, Member extends keyof Lists & string> {
  readonly section: Section<Member, keyof Lists[Member] & string>
  readonly lists: WithLists<Lists>
  readonly action: Action<Lists[Member], Row>
  readonly thing: Row
}

function SectionTable<Row, Lists, Member extends keyof Lists & string>(
  props: SectionProps<Row, Lists, Member>,
): JSX.Element | null {
  const { action, thing } = props
  const { of, title, key, columns, empty, only } = props.section
  const rows = props.lists[of]
  if (rows === null || only === 'terminal') return null
  const table = (
    <DataTable
      {...toTable(columns, rows, action && (item => action(item, thing)))}
      name={of}
      caption={title.toLowerCase()}
      getKey={row => String(row[key])}
      empty={empty}
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
    <section>
      <h3>{title}</h3>
      {table}
    </section>
  )
}
