/** Links of which one is current: the pages of an area, or the choices within a page. */
import type { ComponentChildren, JSX } from 'preact'

export interface Tab {
  readonly path: string
  readonly title: ComponentChildren
  readonly isCurrent: boolean
}

interface Props {
  /** Read out before the links. */
  readonly label: string
  readonly tabs: readonly Tab[]
  /** Whether they are choices within a page, which are small to distinguish them from pages. */
  readonly areChoices?: boolean
}

export function Tabs({ label, tabs, areChoices = false }: Props): JSX.Element {
  return (
    <nav class={areChoices ? 'choices' : 'tabs'} aria-label={label}>
      <ul>
        {tabs.map(({ path, title, isCurrent }) => (
          <li key={path}>
            <a href={path} aria-current={isCurrent ? (areChoices ? 'true' : 'page') : undefined}>
              {title}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  )
}
