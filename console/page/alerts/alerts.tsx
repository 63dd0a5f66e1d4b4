/** Alerts, notifications, silences and rules: which page of the area an address means. */
import type { ComponentChildren, JSX } from 'preact'
import { useLocation } from 'preact-iso'
import { Tabs } from '../parts/tabs.tsx'
import { RuleEditor } from './editor.tsx'
import { AlertList } from './list.tsx'
import { NotificationsPage } from './notifications.tsx'
import { OneAlertPage } from './one.tsx'
import { OneRulePage } from './one-rule.tsx'
import { RuleList } from './rules.tsx'
import { SilencesPage } from './silences.tsx'
import './alerts.css'

const TABS = [
  { path: '/alerts', title: 'Alerts' },
  { path: '/alerts/notifications', title: 'Notifications' },
  { path: '/alerts/silences', title: 'Silences' },
  { path: '/alerts/rules', title: 'Rules' },
] as const

export function Alerts(): JSX.Element {
  const { path, query } = useLocation()
  const { alert, rule } = query
  switch (path) {
    case '/alerts/notifications':
      return (
        <Page title="Notifications">
          <NotificationsPage />
        </Page>
      )
    case '/alerts/silences':
      return (
        <Page title="Silences">
          <SilencesPage />
        </Page>
      )
    case '/alerts/rules/edit':
      return (
        <Page title="Edit and try rules">
          <RuleEditor />
        </Page>
      )
    case '/alerts/rules':
      return rule ? (
        <Page title={`Rule ${rule}`}>
          <OneRulePage key={rule} rule={rule} />
        </Page>
      ) : (
        <Page title="Alert rules">
          <RuleList />
        </Page>
      )
    default:
      return alert ? (
        <Page title="One alert">
          <OneAlertPage key={alert} id={alert} />
        </Page>
      ) : (
        <Page title="Alerts">
          <AlertList />
        </Page>
      )
  }
}

interface PageProps {
  readonly title: string
  readonly children: ComponentChildren
}

function Page({ title, children }: PageProps): JSX.Element {
  const { path } = useLocation()
  const at = TABS.findLast(tab => path.startsWith(tab.path))?.path
  return (
    <div class="alerts">
      <Tabs label="Pages of alerts" tabs={TABS.map(tab => ({ ...tab, isCurrent: tab.path === at }))} />
      <h1>{title}</h1>
      {children}
    </div>
  )
}
