"""The agent `costs`, an A2A 1.0 server with the standard library alone. How many nights a trip has it asks another agent, through its own node."""
import json
import os
import re
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import Request, urlopen

NODE = os.environ.get('NODE_URL', 'http://127.0.0.1:3211')
TOKEN = os.environ['NODE_TOKEN']
URL = f"http://127.0.0.1:{os.environ.get('PORT', '9000')}/"
CARD = {
    'name': 'costs',
    'description': 'Says what a trip costs',
    'version': '1.0.0',
    'supportedInterfaces': [{'url': URL, 'protocolBinding': 'JSONRPC', 'protocolVersion': '1.0'}],
    'capabilities': {'streaming': False, 'pushNotifications': False},
    'defaultInputModes': ['text/plain'],
    'defaultOutputModes': ['text/plain'],
    'skills': [{'id': 'price', 'name': 'Price', 'description': 'Says what a trip costs', 'tags': ['travel']}],
}
tasks = {}


class RpcError(Exception):
    pass


def call_node(url, body=None):
    """The local API of the node, and all agents behind it."""
    headers = {'Authorization': f'Bearer {TOKEN}', 'Content-Type': 'application/json', 'A2A-Version': '1.0'}
    with urlopen(Request(url, body and json.dumps(body).encode(), headers), timeout=60) as response:
        return json.load(response)


def ask(skill, text, message_id):
    """What the agent that has the skill answers, wherever it is. The same message id again gives the same answer, not a second task."""
    agents = call_node(f'{NODE}/api/v1/a2a/agents?skill={skill}')['agents']
    if not agents:
        raise RuntimeError(f'no agent has the skill "{skill}"')
    message = {'messageId': message_id, 'role': 'ROLE_USER', 'parts': [{'text': text}]}
    answer = call_node(agents[0]['url'] + 'rpc', {'jsonrpc': '2.0', 'id': 1, 'method': 'SendMessage', 'params': {'message': message}})
    if 'error' in answer:
        raise RuntimeError(answer['error']['message'])
    if 'message' in answer['result']:
        return text_of(answer['result']['message']['parts'])
    task = answer['result']['task']
    if task['status']['state'] != 'TASK_STATE_COMPLETED':
        raise RuntimeError(f"{task['status']['state']} {text_of(task['status'].get('message', {}).get('parts', []))}")
    return ''.join(text_of(artifact['parts']) for artifact in task.get('artifacts', []))


def text_of(parts):
    return ''.join(part.get('text', '') for part in parts)


def price(text, message_id):
    found = re.search(r'(\d+) days', text)
    if found is None:
        raise ValueError('How long? For example: 3 days in Rome')
    days = int(found[1])
    nights = int(ask('nights', f'nights of {days} days', f'{message_id}-nights'))
    return f'{nights} nights at 90 EUR and {days} days at 40 EUR make {90 * nights + 40 * days} EUR'


def work(task, message):
    try:
        answer = price(text_of(message['parts']), message['messageId'])
        more = {'status': {'state': 'TASK_STATE_COMPLETED'}, 'artifacts': [{'artifactId': 'price', 'parts': [{'text': answer}]}]}
    except Exception as error:
        reason = {'messageId': str(uuid.uuid4()), 'role': 'ROLE_AGENT', 'parts': [{'text': str(error)}]}
        more = {'status': {'state': 'TASK_STATE_FAILED', 'message': reason}}
    tasks[task['id']] = {**task, **more}


def send_message(params):
    message = params['message']
    task = {'id': str(uuid.uuid4()), 'contextId': message.get('contextId') or str(uuid.uuid4()), 'status': {'state': 'TASK_STATE_WORKING'}}
    tasks[task['id']] = task
    worker = threading.Thread(target=work, args=(task, message), daemon=True)
    worker.start()
    if not params.get('configuration', {}).get('returnImmediately'):
        worker.join()
    return {'task': tasks[task['id']]}


def get_task(params):
    if params['id'] not in tasks:
        raise RpcError(-32001, 'There is no such task')
    return tasks[params['id']]


METHODS = {'SendMessage': send_message, 'GetTask': get_task}


def answer(body, version):
    try:
        call = json.loads(body)
    except ValueError:
        return {'id': None, 'error': {'code': -32700, 'message': 'This is not JSON'}}
    try:
        if not version.startswith('1.'):
            raise RpcError(-32009, 'A2A 1.0 is spoken here')
        if call['method'] not in METHODS:
            raise RpcError(-32601, f"There is no method {call['method']}")
        return {'id': call.get('id'), 'result': METHODS[call['method']](call['params'])}
    except RpcError as error:
        code, message = error.args
    except (AttributeError, KeyError, TypeError) as error:
        code, message = -32602, f'This is no request that can be understood: {error!r}'
    return {'id': call.get('id') if isinstance(call, dict) else None, 'error': {'code': code, 'message': message}}


class Server(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        is_card = self.path == '/.well-known/agent-card.json'
        self.reply(200 if is_card else 404, CARD if is_card else {})

    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        self.reply(200, {'jsonrpc': '2.0', **answer(body, self.headers.get('A2A-Version', '0.3'))})

    def reply(self, status, body):
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


if __name__ == '__main__':
    server = ThreadingHTTPServer(('127.0.0.1', int(os.environ.get('PORT', '9000'))), Server)
    print(f'costs listens at {URL}', flush=True)
    server.serve_forever()
