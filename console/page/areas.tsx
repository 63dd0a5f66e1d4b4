/** All pages of the console. Navigation, tabs, headings and titles are derived from this table. */

import type { ComponentChildren, ComponentType, JSX } from 'preact'
import { useLocation } from 'preact-iso'
import { AlertDetailsPage } from './alerts/alert-details.tsx'
import { AlertList, OneRulePage, RuleList } from './alerts/alert-lists.tsx'
import { SilencesPage } from './alerts/silences.tsx'
import { EmptyMessage } from './components/answer-view.tsx'
import { DeadLetterList, DeadLetterPage, FailureReasons } from './failures/dead-letter-list.tsx'
import { Groups, OneGroup } from './kafka/groups.tsx'
import { Messages } from './kafka/messages/messages-page.tsx'
import { OneTopic, Topics } from './kafka/topics.tsx'
import { OverviewPage } from './overview/overview.tsx'
import { QuestionList } from './questions/question-list.tsx'
import { SqlTables } from './sql-tables/sql-tables.tsx'
import { ConsumerState } from './states/consumer-state.tsx'
import { EntitiesChartPage } from './telemetry/entities-chart.tsx'
import { EntityDetailsPage } from './telemetry/entity-details.tsx'
import { EntityList } from './telemetry/entity-list.tsx'

interface AreaPage {
  readonly title: string
  readonly path: string
}

interface Page extends AreaPage {
  readonly page: ComponentType
  readonly one?: OneThing
}

/** Page that shows one object. A query parameter contains the object's name. */
interface OneThing {
  readonly by: string
  readonly page: ComponentType<{ readonly name: string }>
  /** Heading, above the name of the object; absent if the page renders its own heading and has no tabs. */
  readonly heading?: string
}

interface Area extends AreaPage {
  /** Query parameter that names the object to show. Only for areas with a single page. Others change only the display. */
  readonly namedBy?: string
  /** A single page with its own heading, or several pages with tabs. */
  readonly page?: ComponentType
  readonly pages?: readonly Page[]
}

const AREA_PAGES: readonly Area[] = [
  { title: 'Overview', path: '/', page: OverviewPage },
  {
    title: 'Telemetry',
    path: '/telemetry',
    pages: [
      {
        title: 'Entities',
        path: '/telemetry',
        page: EntityList,
        one: { by: 'entity', page: EntityDetailsPage },
      },
      {
        title: 'Statistics',
        path: '/telemetry/statistics',
        page: () => <QuestionList path="/telemetry/statistics" />,
      },
      { title: 'Chart', path: '/telemetry/chart', page: EntitiesChartPage },
    ],
  },
  {
    title: 'Alerts',
    path: '/alerts',
    pages: [
      {
        title: 'Alerts',
        path: '/alerts',
        page: AlertList,
        one: { by: 'alert', page: AlertDetailsPage, heading: 'Alert' },
      },
      { title: 'Silences', path: '/alerts/silences', page: SilencesPage },
      {
        title: 'Rules',
        path: '/alerts/rules',
        page: RuleList,
        one: { by: 'rule', page: OneRulePage, heading: 'Rule' },
      },
    ],
  },
  {
    title: 'Failures',
    path: '/failures',
    pages: [
      {
        title: 'Failures',
        path: '/failures',
        page: FailureReasons,
        one: { by: 'letter', page: DeadLetterPage, heading: 'Dead letter' },
      },
      { title: 'Dead letters', path: '/failures/list', page: DeadLetterList },
    ],
  },
  {
    title: 'Kafka',
    path: '/kafka',
    pages: [
      {
        title: 'Topics',
        path: '/kafka',
        page: Topics,
        one: { by: 'topic', page: OneTopic, heading: 'Topic' },
      },
      { title: 'Messages', path: '/kafka/messages', page: Messages },
      {
        title: 'Groups',
        path: '/kafka/groups',
        page: Groups,
        one: { by: 'group', page: OneGroup, heading: 'Group' },
      },
    ],
  },
  {
    title: 'States',
    path: '/states',
    pages: [
      {
        title: 'States',
        path: '/states',
        page: () => <QuestionList path="/states" />,
        one: { by: 'state', page: ConsumerState, heading: 'Consumer' },
      },
    ],
  },
  { title: 'Tables', path: '/tables', page: SqlTables, namedBy: 'table' },
]

export interface ShownArea extends AreaPage {
  readonly page: ComponentType
}

/** Areas in the navigation. */
export const AREAS: readonly ShownArea[] = AREA_PAGES.map(area => {
  const { page = () => <Pages area={area} /> } = area
  return { ...area, page }
})

/** Query parameter that names the object of a page, by path. */
const NAMED_BY: Readonly<Record<string, string>> = Object.fromEntries(
  AREA_PAGES.flatMap(({ path, namedBy, pages = [] }) => [
    ...(namedBy === undefined ? [] : [[path, namedBy] as const]),
    ...pages.flatMap(page => (page.one ? [[page.path, page.one.by] as const] : [])),
  ]),
)

interface ShownPage {
  /** Key that identifies the page. Two URLs with the same key show the same page. */
  readonly key: string
  /** Name of the object that the page shows; empty for other pages. */
  readonly name: string
}

/** Returns the page that a URL shows. */
export function findPage(path: string, query: Readonly<Record<string, string>>): ShownPage {
  const parameter = NAMED_BY[path]
  const name = (parameter && query[parameter]) ?? ''
  return { key: JSON.stringify([path, name]), name }
}

/** Renders the tabs of an area and the page that the URL selects. */
function Pages({ area: { title, pages = [] } }: { readonly area: Area }): JSX.Element {
  const { path, query } = useLocation()
  const current = pages.find(page => page.path === path.replace(/\/+$/, ''))
  const { one } = current ?? {}
  const name = one ? (query[one.by] ?? '') : ''
  if (one && name && !one.heading) return <one.page key={name} name={name} />
  const heading = (name && one?.heading) || current?.title || title
  const Current = current?.page
  return (
    <div class={title.toLowerCase()}>
      <h1>{heading}</h1>
      {pages.length > 1 && (
        <Tabs
          label={`Pages of ${title.toLowerCase()}`}
          tabs={pages.map(tab => ({ ...tab, isCurrent: tab === current }))}
        />
      )}
      {one && name ? (
        <one.page key={name} name={name} />
      ) : Current ? (
        <Current />
      ) : (
        <EmptyMessage>Page not found. Choose a page above.</EmptyMessage>
      )}
    </div>
  )
}

interface Tab {
  readonly path: string
  readonly title: ComponentChildren
  readonly isCurrent: boolean
}

interface Props {
  /** Label for screen readers. */
  readonly label: string
  readonly tabs: readonly Tab[]
}

function Tabs({ label, tabs }: Props): JSX.Element {
  return (
    <nav class="tabs" aria-label={label}>
      <ul>
        {tabs.map(({ path, title, isCurrent }) => (
          <li key={path}>
            <a href={path} aria-current={isCurrent ? 'page' : undefined}>
              {title}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  )
}
