# Translations by protocol, address and range; clearing them one by one.
@include router.part
Router(config-if)#exit
Router(config)#ip nat inside source static 10.0.0.5 198.51.100.5
Router(config)#ip nat inside source static tcp 10.0.0.6 80 198.51.100.6 8080
Router(config)#ip nat inside source static 10.0.0.100 198.51.100.100
Router(config)#end
*TIME: %SYS-5-CONFIG_I: Configured from console by console
@packet
Router#show ip nat translations
Pro  Inside global         Inside local          Outside local         Outside global
udp  198.51.100.100:5000   10.0.0.100:5000       192.0.2.9:99          192.0.2.9:99
---  198.51.100.5          10.0.0.5              ---                   ---
tcp  198.51.100.6:8080     10.0.0.6:80           ---                   ---
---  198.51.100.100        10.0.0.100            ---                   ---
Total number of translations: 4
Router#show ip nat translations udp
Pro  Inside global         Inside local          Outside local         Outside global
udp  198.51.100.100:5000   10.0.0.100:5000       192.0.2.9:99          192.0.2.9:99
Total number of translations: 1
Router#show ip nat translations tcp
Pro  Inside global         Inside local          Outside local         Outside global
tcp  198.51.100.6:8080     10.0.0.6:80           ---                   ---
Total number of translations: 1
Router#show ip nat translations esp
Total number of translations: 0
Router#show ip nat translations inside 10.0.0.5
Pro  Inside global         Inside local          Outside local         Outside global
---  198.51.100.5          10.0.0.5              ---                   ---
Total number of translations: 1
Router#show ip nat translations inside global 10.0.0.5
Total number of translations: 0
Router#show ip nat translations inside local 10.0.0.100
Pro  Inside global         Inside local          Outside local         Outside global
udp  198.51.100.100:5000   10.0.0.100:5000       192.0.2.9:99          192.0.2.9:99
---  198.51.100.100        10.0.0.100            ---                   ---
Total number of translations: 2
Router#show ip nat translations outside 192.0.2.9 inside 10.0.0.100 total
Total number of translations: 1
Router#show ip nat translations outside local 192.0.2.9 udp
Pro  Inside global         Inside local          Outside local         Outside global
udp  198.51.100.100:5000   10.0.0.100:5000       192.0.2.9:99          192.0.2.9:99
Total number of translations: 1
Router#show ip nat translations filter range inside global 198.51.100.5 198.51.100.6
Pro  Inside global         Inside local          Outside local         Outside global
---  198.51.100.5          10.0.0.5              ---                   ---
tcp  198.51.100.6:8080     10.0.0.6:80           ---                   ---
Total number of translations: 2
Router#show ip nat translations filter range outside global 192.0.2.0 192.0.2.255 total
Total number of translations: 1
Router#show ip nat translations filter range inside global 198.51.100.6 198.51.100.5
%End address less than start address
Router#show ip nat translations inside
% Incomplete command.

Router#show ip nat translations vrf X
                                 ^
% Invalid input detected at '^' marker.

Router#clear ip nat translation inside 198.51.100.100 10.0.0.100
%Translation in use, cannot remove
Router#clear ip nat translation inside 198.51.100.5 10.0.0.5
%Translation not found
Router#clear ip nat translation inside 198.51.100.5 10.0.0.5 forced
%Translation not found
Router#clear ip nat translation outside 192.0.2.10 192.0.2.10
%Translation not found
Router#clear ip nat translation tcp inside 198.51.100.100 5000 10.0.0.100 5000
%Translation not found
Router#clear ip nat translation udp inside 198.51.100.100 5000 10.0.0.100 5000 outside 192.0.2.9 98 192.0.2.9 99
%Translation not found
Router#clear ip nat translation udp inside 198.51.100.100 5000 10.0.0.100 5000 outside 192.0.2.9 99 192.0.2.9 99
Router#show ip nat translations total
Total number of translations: 3
@packet
Router#clear ip nat translation inside 198.51.100.100 10.0.0.100 forced
Router#show ip nat translations total
Total number of translations: 3
@packet
Router#clear ip nat translation inside 198.51.100.100 10.0.0.100 outside 192.0.2.9 192.0.2.9
Router#show ip nat translations total
Total number of translations: 3
@packet
Router#clear ip nat translation outside 192.0.2.9 192.0.2.9
Router#show ip nat translations total
Total number of translations: 3
@packet
Router#clear ip nat translation forced
Router#show ip nat translations total
Total number of translations: 3
Router#clear ip nat translation inside 198.51.100.5
% Incomplete command.

Router#clear ip nat translation vrf X *
                                ^
% Invalid input detected at '^' marker.

