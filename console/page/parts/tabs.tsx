/** Tabs: links to the pages of an area. */
import type { ComponentChildren, JSX } from 'preact'

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

export function Tabs({ label, tabs }: Props): JSX.Element {
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
