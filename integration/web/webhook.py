"""Where the warehouse may say that something left. What it says is not read: the reading that follows finds out."""

from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from core.permissions import PUBLIC, page
from integration.models import Warehouse
from integration.services.prompt_reading import prompt_reading
from integration.services.rotate_webhook_token import opens_webhook

HEADER = "X-Holdpoint-Token"


@csrf_exempt
@page(PUBLIC)
@require_POST
def deposco_hook(request: HttpRequest, code: str) -> JsonResponse:
    """Answer 202 to whoever knows the warehouse's token (in a header, or as `token` in the address), else 401.

    The body is not read at all, and any number of prompts brings one reading forward.
    """
    warehouse = Warehouse.objects.filter(code=code, is_active=True).first()
    token = request.headers.get(HEADER) or request.GET.get("token", "")
    if warehouse is None or not opens_webhook(warehouse, token):
        opens_webhook(None, token)
        return JsonResponse({"status": "refused"}, status=401)
    prompt_reading(warehouse=warehouse)
    return JsonResponse({"status": "accepted"}, status=202)


urlpatterns = [path("hooks/deposco/<slug:code>/", deposco_hook, name="deposco_hook")]
