import { expect } from 'chai'
import { HttpRoutes } from '../../packages/core/src/http-routes.ts'

const route = (path: string) => ({ path, access: 'open' as const, listener: () => {} })

describe('HttpRoutes', () => {
  it('finds the longest route at or above a path, whatever the order of mounting', () => {
    const routes = new HttpRoutes()
    for (const path of ['/a', '/a/b/c', '/a/b', '/']) routes.mount(route(path))
    const found = (path: string) => routes.find(path)?.path
    expect(['/a', '/a/x', '/a/b', '/a/b/x', '/a/b/c/d', '/ab', '/a/bc', '/'].map(found)).to.deep.equal(['/a', '/a', '/a/b', '/a/b', '/a/b/c', '/', '/a', '/'])
  })

  it('finds nothing where nothing is mounted', () => {
    const routes = new HttpRoutes()
    routes.mount(route('/a'))
    expect(['/', '/b', '/ab', 'a', ''].map((path) => routes.find(path))).to.deep.equal([undefined, undefined, undefined, undefined, undefined])
  })

  it('refuses a path that is mounted already, and one that does not start with a slash', () => {
    const routes = new HttpRoutes()
    routes.mount(route('/a'))
    expect(() => routes.mount(route('/a'))).to.throw(TypeError)
    expect(() => routes.mount(route('a'))).to.throw(TypeError)
  })
})
