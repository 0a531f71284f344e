import { expect, it } from 'vitest';
import { routeOf } from './route.js';

it.each([
  ['', { name: 'employees' }],
  ['#/', { name: 'employees' }],
  ['#/employees', { name: 'employees' }],
  ['#/employees/', { name: 'employees' }],
  ['#/employees/1001', { name: 'employee', id: '1001' }],
  ['#/employees/J%C3%B6rg%20B.', { name: 'employee', id: 'Jörg B.' }],
  ['#/employees/%E0%A4%A', { name: 'employees' }],
  ['#/log', { name: 'log' }],
  ['#/system', { name: 'system' }],
  ['#/anything', { name: 'employees' }],
])('%s leads to %o', (hash, route) => {
  expect(routeOf(hash)).toEqual(route);
});
