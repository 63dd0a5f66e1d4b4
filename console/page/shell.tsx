/** What stands around every page: the name of the environment, the navigation, and the way to the content. */
import type { ComponentChildren, JSX } from 'preact'
import { useLocation } from 'preact-iso'
import { AREAS } from './areas.tsx'
import { useEnvironment } from './data/environment.ts'

export function Shell({ children }: { readonly children: ComponentChildren }): JSX.Element {
  const shown = useEnvironment()
  const { path } = useLocation()
  const areas = AREAS.filter(({ isThere = () => true }) => isThere(shown))
  return (
    <>
      <a class="skip" href="#content">
        Skip to the content
      </a>
      <header class="top">
        <p class="brand">
          <strong>Sluice</strong> <span class="env">{shown.env}</span>
        </p>
        <nav aria-label="Areas">
          <ul>
            {areas.map(({ title, path: start }) => (
              <li key={start}>
                <a href={start} aria-current={isBelow(path, start) ? 'page' : undefined}>
                  {title}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <p class="person">
          {shown.person.name}, {shown.person.role}
        </p>
      </header>
      <main id="content" tabIndex={-1}>
        {children}
      </main>
    </>
  )
}

function isBelow(path: string, start: string): boolean {
  return start === '/' ? path === '/' : path === start || path.startsWith(`${start}/`)
}
