/** What Kafka has: the cluster, its topics, groups and schemas. Each page has an address of its own below `/kafka`. */
import type { ComponentType, JSX } from 'preact'
import { useLocation } from 'preact-iso'
import type { Shown } from '../../api/environment.ts'
import { useEnvironment } from '../data/environment.ts'
import { Empty } from '../parts/known.tsx'
import { Tabs } from '../parts/tabs.tsx'
import { Cluster } from './cluster.tsx'
import { Groups } from './groups.tsx'
import { Messages } from './messages/messages.tsx'
import { Schemas } from './schemas.tsx'
import { Topics } from './topics.tsx'
import './kafka.css'

interface KafkaPage {
  readonly title: string
  readonly path: string
  readonly page: ComponentType
  /** Whether the navigation lists it; if not said, it always does. */
  readonly isListed?: (shown: Shown) => boolean
}

const PAGES: readonly KafkaPage[] = [
  { title: 'Cluster', path: '/kafka', page: Cluster },
  { title: 'Topics', path: '/kafka/topics', page: Topics },
  { title: 'Messages', path: '/kafka/messages', page: Messages },
  { title: 'Groups', path: '/kafka/groups', page: Groups },
  { title: 'Schemas', path: '/kafka/schemas', page: Schemas, isListed: ({ hasRegistry }) => hasRegistry },
]

export function Kafka(): JSX.Element {
  const { path } = useLocation()
  const shown = useEnvironment()
  const current = PAGES.find(page => page.path === path.replace(/\/+$/, ''))
  const Page = current?.page ?? NoSuchPage
  return (
    <>
      <h1>Kafka</h1>
      <Tabs
        label="Kafka"
        tabs={PAGES.filter(({ isListed = () => true }) => isListed(shown)).map(page => ({
          ...page,
          isCurrent: page === current,
        }))}
      />
      <Page />
    </>
  )
}

function NoSuchPage(): JSX.Element {
  return <Empty>Kafka has no such page here. The navigation above leads on.</Empty>
}
