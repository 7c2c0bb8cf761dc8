"""A tiny site that shows the components with invented values, under the real policy."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import ThreadingMixIn
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from werkzeug import Request, Response

from marketplace.web.static_files import StaticFiles
from tests.support.source import ROOT

POLICY = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
}
SITE = SimpleNamespace(
    name="青岛市中小企业数字化转型 · 服务商资源池", host_unit="示例：主办", operator="示例：承办",
    phone="示例：0532-0000 0000", icp="示例：备案号", site_code="示例：标识码", police="示例：备案",
)  # fmt: skip
NAV = [
    {"label": label, "url": f"/{index}", "current": index == 0}
    for index, label in enumerate(["找服务商", "找产品", "案例展厅", "资源池看板", "政策", "联系"])
]
ACTING = SimpleNamespace(
    user_name="演示", role_label="市级经办", org_name="示例主管部门",
    others=[SimpleNamespace(value="2", role_label="区市初审", org_name="示例区市窗口", centre="")],
)  # fmt: skip
DISTRICTS = ["市南区", "市北区", "李沧区", "崂山区", "城阳区", "黄岛区", "即墨区", "胶州市",
             "平度市", "莱西市", "高新区", "自贸片区"]  # fmt: skip
TYPES = [
    ("产品", "“小快轻准”产品型服务商", "product"),
    ("集成", "综合集成型服务商", "integrator"),
]


def provider(number: int) -> dict[str, Any]:
    """A result card: numbers 1–6 are of type product, 7 and 8 integrators."""
    return {
        "id": number, "url": f"/providers/{number}",
        "name": [("青岛", False), ("示例", True), (f"{number}号信息科技有限公司", False)],
        "types": [TYPES[number > 6]],
        "standing": {"tone": "ok", "icon": "check-circle", "label": "在池"},
        "segments": ["家用电器及配件制造"], "district": DISTRICTS[number % 2],
        "intro": "面向注塑企业提供轻量化制造执行与设备联网。", "products_line": "注塑 MES 3.0",
        "price_text": "12.00–20.00 万元", "cases_count": 3, "cases_note": "",
        "service_areas": ["制造执行"], "updated": "2026-10-08",
    }  # fmt: skip


class Sample:
    """The pages; ``posts`` collects the forms that arrived."""

    def __init__(self, folder: Path) -> None:
        self.posts: list[dict[str, list[str]]] = []
        self.static = StaticFiles(folder / "static")
        self.templates = Environment(
            loader=FileSystemLoader([ROOT / "templates", Path(__file__).parent / "pages"]),
            autoescape=True, undefined=StrictUndefined,
        )  # fmt: skip
        self.templates.globals.update(
            static_url=self.static.url, csrf_token=lambda: "token",
            get_flashed_messages=lambda with_categories=False: [],
        )  # fmt: skip
        self.wsgi = self.static.wrap(self.answer, POLICY)

    def render(self, request: Request, template: str, **context: Any) -> Response:
        text = self.templates.get_template(template).render(
            site=SITE, nav=NAV, demo=True, request=request,
            footer_links=[("隐私说明", "/privacy")], **context,
        )  # fmt: skip
        return Response(text, mimetype="text/html", headers=POLICY)

    def answer(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        request = Request(environ)
        page = getattr(self, f"page_{request.path.strip('/').partition('/')[0] or 'browse'}", None)
        response = page(request) if page else self.render(request, "errors/error.html", code=404)
        return response(environ, start_response)

    def page_components(self, request: Request) -> Response:
        return self.render(request, "work/components.html", acting=ACTING)

    def page_errors(self, request: Request) -> Response:
        code = int(request.path.rpartition("/")[2])
        return self.render(request, "errors/error.html", code=code, request_id="0192f")

    def page_browse(self, request: Request) -> Response:
        districts = request.args.getlist("district")
        items = [
            item
            for item in map(provider, range(1, 9))
            if not districts or item["district"] in districts
        ]
        groups = [
            {"name": "district", "label": "区市", "options": [
                {"value": name, "label": name, "count": 4, "checked": name in districts}
                for name in DISTRICTS
            ]},
            {"name": "year", "label": "案例年份", "open": False, "options": [
                {"value": "2025", "label": "2025 年", "count": 1, "checked": False}]},
        ]  # fmt: skip
        return self.render(
            request, "browse.html", items=items, groups=groups, chosen=districts,
            pills_items=[{"label": name, "url": "/browse"} for name in districts],
            link=lambda page: f"/browse?page={page}",
        )  # fmt: skip

    def page_form(self, request: Request) -> Response:
        if request.method == "POST":
            self.posts.append(parse_qs(request.get_data(as_text=True), keep_blank_values=True))
            threading.Event().wait(0.4)  # long enough for a second click
        errors = {} if request.method == "GET" else {"revenue": "请填写金额"}
        rows = [{"id": number, "name": f"示例{number}号"} for number in (1, 2, 3)]
        response = self.render(request, "form.html", errors=errors, rows=rows, acting=ACTING)
        response.status_code = 422 if errors else 200
        return response

    def page_compare(self, request: Request) -> Response:
        ids = request.args.getlist("id")
        groups = [{"label": "基本", "rows": [
            {"label": f"第 {row} 项", "values": [f"值 {row}"] * len(ids), "same": row % 2 == 0}
            for row in range(1, 16)
        ]}]  # fmt: skip
        heads = [{"label": f"青岛示例{number}号信息科技有限公司", "url": "/"} for number in ids]
        return self.render(request, "compare.html", heads=heads, groups=groups)

    def page_display(self, request: Request) -> Response:
        response = Response(status=303, headers={"Location": request.args["to"]})
        for name in ("care", "font"):
            if name in request.args:
                response.set_cookie(name, request.args[name])
        return response


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serve(folder: Path) -> Iterator[tuple[Sample, str]]:
    """The sample and its address on the loopback."""
    sample = Sample(folder)
    with make_server("127.0.0.1", 0, sample.wsgi, _Server, _Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield sample, f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
